/** What a text says that may hold secrets; undefined where it is no JSON, because the parser's words could quote one. */
export function quietJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
