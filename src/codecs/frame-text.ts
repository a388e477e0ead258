import { isObject, type JsonObject } from '../ir/json.ts'

/** OpenAI pads its frames to hide how long their texts are, and sends about a token in each. */
const PADDED_CHARACTERS = 4

/** Characters of the answer in a frame of a stream: every string of its delta, however deep. */
export const frameText = (frame: JsonObject, delta: unknown): number =>
  typeof frame['obfuscation'] === 'string' ? PADDED_CHARACTERS : charactersIn(delta)

function charactersIn(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (Array.isArray(value)) return value.reduce((sum: number, item: unknown) => sum + charactersIn(item), 0)
  if (!isObject(value)) return 0
  return charactersIn(Object.values(value))
}
