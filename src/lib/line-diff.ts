const CONTEXT = 3

/**
 * The lines in which two texts differ, each with `-`, `+` or a space in front, and three lines around them. Everything between the first and
 * the last difference counts as one change. Empty when the texts are the same.
 */
export function lineDiff(before: string, after: string): readonly string[] {
  if (before === after) return []
  const old = linesOf(before)
  const next = linesOf(after)
  const shorter = Math.min(old.length, next.length)
  let head = 0
  while (head < shorter && old[head] === next[head]) head++
  let tail = 0
  while (tail < shorter - head && old.at(-1 - tail) === next.at(-1 - tail)) tail++
  return [
    ...old.slice(Math.max(0, head - CONTEXT), head).map((line) => ` ${line}`),
    ...old.slice(head, old.length - tail).map((line) => `-${line}`),
    ...next.slice(head, next.length - tail).map((line) => `+${line}`),
    ...old.slice(old.length - tail, old.length - tail + CONTEXT).map((line) => ` ${line}`),
  ]
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))
