import { isObject, type JsonObject } from '../../ir/json.ts'

/** Fields of an entry that arrive in pieces and are joined. */
const PIECEWISE = ['text', 'summary', 'data', 'signature'] as const

interface GrowingEntry {
  readonly entry: JsonObject
  readonly pieces: Map<string, string[]>
}

/**
 * Joins the `reasoning_details[]` of a stream to the entries that a whole answer would hold: pieces of the same type and index
 * that follow each other are one entry.
 */
export class ReasoningDetails {
  private readonly entries: GrowingEntry[] = []

  add(details: readonly unknown[]): void {
    for (const detail of details) if (isObject(detail)) this.addEntry(detail)
  }

  /** The joined entries, or undefined when there were none. */
  take(): unknown[] | undefined {
    if (this.entries.length === 0) return undefined
    const joined = this.entries.map(({ entry, pieces }) => {
      const whole = { ...entry }
      for (const [key, texts] of pieces) whole[key] = texts.join('')
      return whole
    })
    this.entries.length = 0
    return joined
  }

  private addEntry(detail: JsonObject): void {
    const last = this.entries.at(-1)
    const continues =
      last !== undefined &&
      last.entry['type'] === detail['type'] &&
      last.entry['index'] === detail['index'] &&
      detail['type'] !== 'reasoning.encrypted'
    const target = continues ? last : { entry: { ...detail }, pieces: new Map<string, string[]>() }
    if (!continues) this.entries.push(target)
    for (const key of PIECEWISE) {
      const piece = detail[key]
      if (typeof piece !== 'string') continue
      const known = target.pieces.get(key)
      if (known === undefined) target.pieces.set(key, [piece])
      else known.push(piece)
    }
    // Ids and formats can come with a later piece.
    if (continues) for (const key of ['id', 'format']) if (detail[key] !== undefined) target.entry[key] ??= detail[key]
  }
}
