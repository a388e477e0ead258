/** A copy of plain data with keys such as `maxTokens` written `max_tokens`, all the way down; members that are undefined are left out. */
export const snakeKeys = (value: unknown): unknown => withKeys(value, snakeCase)

/** The way back: a copy of plain data with keys such as `max_tokens` written `maxTokens`. */
export const camelKeys = (value: unknown): unknown => withKeys(value, camelCase)

/** Names of fields are few; whatever else comes is renamed without being remembered. */
const MOST_REMEMBERED = 1_024

function remembered(rename: (key: string) => string): (key: string) => string {
  const known = new Map<string, string>()
  return (key) => {
    let renamed = known.get(key)
    if (renamed === undefined) {
      renamed = rename(key)
      if (known.size < MOST_REMEMBERED) known.set(key, renamed)
    }
    return renamed
  }
}

const snakeCase = remembered((key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))

const camelCase = remembered((key) => key.replace(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase()))

function withKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withKeys(item, rename))
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key]
    if (inner !== undefined) copy[rename(key)] = typeof inner === 'object' ? withKeys(inner, rename) : inner
  }
  return copy
}
