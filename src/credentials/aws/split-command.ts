/**
 * The words of a command as AWS's tools read `credential_process`: split at spaces, with double or single quotes around words that hold some.
 * Nothing is expanded, and no shell takes part: `;`, `|`, `$` and `~` are characters as others. Undefined when a quote is not closed, or when there is no word.
 */
export function splitCommand(command: string): readonly string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let quote: '"' | "'" | undefined
  for (let at = 0; at < command.length; at++) {
    const character = command.charAt(at)
    const next = command.charAt(at + 1)
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character
      word ??= ''
    } else if (character === quote) quote = undefined
    else if (character === '\\' && quote === '"' && (next === '"' || next === '\\')) {
      word = `${word ?? ''}${next}`
      at++
    } else word = `${word ?? ''}${character}`
  }
  if (word !== undefined) words.push(word)
  return quote !== undefined || words.length === 0 ? undefined : words
}
