/** A copy of plain data with keys such as `maxTokens` written `max_tokens`, all the way down; members that are undefined are left out. */
export const snakeKeys = (value: unknown): unknown => withKeys(value, snakeCase)

/** The way back: a copy of plain data with keys such as `max_tokens` written `maxTokens`. */
export const camelKeys = (value: unknown): unknown => withKeys(value, camelCase)

const snakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const camelCase = (key: string): string => key.replace(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase())

function withKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withKeys(item, rename))
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(value)) if (inner !== undefined) copy[rename(key)] = withKeys(inner, rename)
  return copy
}
