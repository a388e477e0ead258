/** The JSON in a text; undefined where it is none. The parser's own words are dropped, because they quote a text that may hold secrets. */
export function quietJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
