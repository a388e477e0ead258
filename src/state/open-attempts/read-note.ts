import { isObject } from '../../ir/json.ts'
import type { LostAttempt } from '../../ir/settlement.ts'

/** The note in a text; undefined when another release wrote something that is none. */
export function readNote(text: unknown): LostAttempt | undefined {
  try {
    const note: unknown = JSON.parse(String(text))
    const isNote = isObject(note) && note['kind'] === 'lost' && typeof note['id'] === 'string' && isObject(note['party'])
    return isNote ? (note as unknown as LostAttempt) : undefined
  } catch {
    return undefined
  }
}
