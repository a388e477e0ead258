import type { JsonObject } from '../../ir/json.ts'
import type { Principal } from '../../ir/principal.ts'

/**
 * A part of what a caller may know of itself: its limits and when they reset, what it has spent. Whoever keeps such numbers adds one; it
 * is shown to the caller (`GET /v1/me`) and to operators who inspect the key.
 */
export interface SelfReport {
  /** Field of the answer, as `limits` or `spend`. */
  readonly field: string
  /** Undefined when there is nothing to say. A rejection leaves the field out. */
  report(principal: Principal): Promise<JsonObject | undefined> | JsonObject | undefined
}

/** Everything the reports have to say of a caller; `unavailable` names the fields that could not be had now. */
export async function selfReports(reports: readonly SelfReport[], principal: Principal): Promise<JsonObject> {
  const unavailable: string[] = []
  const fields = await Promise.all(
    reports.map(async (each): Promise<[string, JsonObject | undefined]> => {
      try {
        return [each.field, await each.report(principal)]
      } catch {
        unavailable.push(each.field) // one store that is down does not keep the rest from being told
        return [each.field, undefined]
      }
    }),
  )
  const told = Object.fromEntries(fields.filter((entry): entry is [string, JsonObject] => entry[1] !== undefined))
  return unavailable.length === 0 ? told : { ...told, unavailable: unavailable.sort() }
}
