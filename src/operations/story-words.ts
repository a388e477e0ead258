/** `0.4 ms`, `312 ms`, `1.84 s`, `2 min 5 s`. */
export function durationWords(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(2)} s`
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`
}

/** `1,234`. */
export const countWords = (count: number): string => count.toLocaleString('en-US')

/** `1 attempt`, `3 attempts`. */
export const plural = (count: number, noun: string): string => `${countWords(count)} ${noun}${count === 1 ? '' : 's'}`

/** `a`, `a and b`, `a, b and c`. */
export function listWords(words: readonly string[]): string {
  const last = words.at(-1)
  if (words.length < 2 || last === undefined) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${last}`
}

/** Text that holds words of a client or an upstream, fit for a terminal: control characters become `?`. */
export const visibleText = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?')

/** As `visibleText`, and cut at 200 characters. */
export function safeText(text: string): string {
  const visible = visibleText(text)
  return visible.length <= 200 ? visible : `${visible.slice(0, 199)}…`
}
