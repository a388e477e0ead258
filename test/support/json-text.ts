/** A deterministic source of numbers: the same seed gives the same texts everywhere. */
export class Dice {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** A whole number from 0 to `sides` - 1. */
  roll(sides: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.state / 2 ** 32) * sides)
  }

  pick<Thing>(things: readonly Thing[]): Thing {
    return things[this.roll(things.length)]!
  }

  shuffled<Thing>(things: readonly Thing[]): Thing[] {
    const left = [...things]
    const order: Thing[] = []
    while (left.length > 0) order.push(...left.splice(this.roll(left.length), 1))
    return order
  }
}

const SPACE = ['', '', '', ' ', '\n', '\t', '\r\n', '   ', '\n    ']
const NUMBERS = [
  '0',
  '-0',
  '1',
  '9007199254740993',
  '123456789012345678901234567890',
  '1e400',
  '-1.0E-7',
  '0.1000',
  '1.50',
  '-12345678901234567890.5',
]
const STRINGS = [
  '""',
  '"hi"',
  '"\\u0041\\u00e9"',
  '"\\ud83d\\ude00"',
  '"😀 ü 漢"',
  '"\\"model\\":\\"x\\""',
  '"a\\\\"',
  '"\\\\\\""',
  '"\\/"',
  '"line\\nbreak"',
  '"\\u006dodel"',
  '"{\\"model\\": 1}"',
  '"\u2028"',
  '"stream_options"',
  '"\\ud800"',
]
const KEYS = [
  '"a"',
  '"b"',
  '"model"',
  '"Model"',
  '"\\u006dodel"',
  '"stream_options"',
  '"stream"',
  '""',
  '"__proto__"',
  '"mod\\u0065l "',
  '"x-ü"',
  '"toJSON"',
]

/** JSON text that parsers agree on and re-encoding would change: odd spaces, long numbers, escapes, repeated keys. */
export function oddJson(dice: Dice, depth = 0): string {
  const space = (): string => dice.pick(SPACE)
  const kind = dice.roll(depth > 3 ? 4 : 7)
  if (kind === 0) return dice.pick(NUMBERS)
  if (kind === 1) return dice.pick(['true', 'false', 'null'])
  if (kind <= 3) return dice.pick(STRINGS)
  const inner = (): string => `${space()}${oddJson(dice, depth + 1)}${space()}`
  const members = Array.from({ length: dice.roll(4) })
  if (kind === 4) return `[${members.length === 0 ? space() : members.map(inner).join(',')}]`
  return `{${members.length === 0 ? space() : members.map(() => `${space()}${dice.pick(KEYS)}${space()}:${inner()}`).join(',')}}`
}

/** A member of an object, as its own text. */
export interface TextMember {
  readonly text: string
  /** Where its value stands inside `text`, for members that may be edited. */
  readonly edit?: { readonly start: number; readonly end: number } | undefined
}

/** A body made of known members and odd ones around them, in any order, with where its editable values stand. */
export function oddBody(
  dice: Dice,
  members: readonly TextMember[],
): { readonly text: string; readonly edits: { start: number; end: number }[] } {
  const others = Array.from({ length: dice.roll(5) }, (_unused, index): TextMember => ({
    text: `"x${index}"${dice.pick(SPACE)}:${dice.pick(SPACE)}${oddJson(dice)}`,
  }))
  const edits: { start: number; end: number }[] = []
  let text = `${dice.pick(SPACE)}{`
  for (const [index, member] of dice.shuffled([...members, ...others]).entries()) {
    text += `${index === 0 ? '' : ','}${dice.pick(SPACE)}`
    if (member.edit !== undefined) edits.push({ start: text.length + member.edit.start, end: text.length + member.edit.end })
    text += `${member.text}${dice.pick(SPACE)}`
  }
  return { text: `${text}}${dice.pick(SPACE)}`, edits }
}

/** `key: value` with odd spaces, its value editable. */
export function editable(dice: Dice, key: string, value: string): TextMember {
  const head = `${key}${dice.pick(SPACE)}:${dice.pick(SPACE)}`
  return { text: head + value, edit: { start: head.length, end: head.length + value.length } }
}

/** The text with every range replaced. */
export function replaced(text: string, edits: readonly { start: number; end: number }[], by: string): string {
  let result = ''
  let position = 0
  for (const { start, end } of edits) {
    result += text.slice(position, start) + by
    position = end
  }
  return result + text.slice(position)
}
