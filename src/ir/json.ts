/** A parsed JSON object of unknown shape. */
export type JsonObject = Record<string, unknown>

/** True for JSON objects, false for arrays, null and scalars. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
