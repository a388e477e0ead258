/** Where a text stops being JSON. Offsets and columns count UTF-16 units, lines and columns from 1. */
export interface JsonErrorPosition {
  readonly offset: number
  readonly line: number
  readonly column: number
  /** The text ended too early. */
  readonly atEnd: boolean
}

/**
 * Finds the first character at which a text is no JSON any more; undefined when it is JSON. For error messages: parsers quote what they
 * found, and a body may hold anything. Linear, without recursion.
 */
export function jsonErrorPosition(text: string): JsonErrorPosition | undefined {
  const offset = new JsonChecker(text).firstError()
  if (offset === undefined) return undefined
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { offset, line: countLines(before), column: offset - lineStart + 1, atEnd: offset >= text.length }
}

function countLines(text: string): number {
  let lines = 1
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) lines++
  return lines
}

/** What may come next. */
type Expectation = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end'

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const WORD = /true|false|null/y
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y

class JsonChecker {
  private readonly text: string
  private index = 0
  /** Closing characters of the open containers. */
  private readonly open: ('}' | ']')[] = []

  constructor(text: string) {
    this.text = text
  }

  firstError(): number | undefined {
    let expected: Expectation | undefined = 'value'
    while (expected !== undefined) {
      this.skipSpace()
      const next: Expectation | 'done' | undefined = this.step(expected)
      if (next === undefined) return Math.min(this.index, this.text.length)
      expected = next === 'done' ? undefined : next
    }
    this.skipSpace()
    return this.index < this.text.length ? this.index : undefined
  }

  /** Takes one token; undefined when it does not fit. */
  private step(expected: Expectation): Expectation | 'done' | undefined {
    const character = this.text[this.index]
    const isEnd = character !== undefined && character === this.open.at(-1)
    switch (expected) {
      case 'value-or-end':
      case 'key-or-end':
        if (isEnd) return this.close()
        return expected === 'key-or-end' ? this.key() : this.value(character)
      case 'value':
        return this.value(character)
      case 'key':
        return this.key()
      case 'colon':
        return this.take(':', 'value')
      case 'comma-or-end':
        return isEnd ? this.close() : this.take(',', this.open.at(-1) === '}' ? 'key' : 'value')
    }
  }

  private value(character: string | undefined): Expectation | 'done' | undefined {
    if (character === '{' || character === '[') {
      this.open.push(character === '{' ? '}' : ']')
      this.index++
      return character === '{' ? 'key-or-end' : 'value-or-end'
    }
    const isTaken = character === '"' ? this.string() : this.match(NUMBER) || this.match(WORD)
    return isTaken ? this.afterValue() : undefined
  }

  private key(): Expectation | undefined {
    return this.text[this.index] === '"' && this.string() ? 'colon' : undefined
  }

  private close(): Expectation | 'done' {
    this.open.pop()
    this.index++
    return this.afterValue()
  }

  private afterValue(): Expectation | 'done' {
    return this.open.length === 0 ? 'done' : 'comma-or-end'
  }

  private take(character: string, next: Expectation): Expectation | undefined {
    if (this.text[this.index] !== character) return undefined
    this.index++
    return next
  }

  private match(pattern: RegExp): boolean {
    pattern.lastIndex = this.index
    if (!pattern.test(this.text)) return false
    this.index = pattern.lastIndex
    return true
  }

  private string(): boolean {
    this.index++
    for (; this.index < this.text.length; this.index++) {
      const code = this.text.charCodeAt(this.index)
      if (code === 0x22) {
        this.index++
        return true
      }
      if (code < 0x20) return false
      if (code !== 0x5c) continue
      this.index++
      if (!this.match(ESCAPE)) return false
      this.index--
    }
    return false
  }

  private skipSpace(): void {
    while (this.index < this.text.length && ' \t\n\r'.includes(this.text[this.index]!)) this.index++
  }
}
