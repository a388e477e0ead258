import type { LedgerEntry } from '../../ir/settlement.ts'
import { isOfRequest } from './packed-entry.ts'
import type { EntryFilter, LedgerFilter } from './store.ts'

/** Whether all names are as the filter has them. */
export const fits = (names: LedgerFilter, filter: LedgerFilter): boolean =>
  (Object.keys(filter) as (keyof LedgerFilter)[]).every((name) => filter[name] === undefined || names[name] === filter[name])

/** The names by which an entry is found. */
export const namesOf = ({ party, session }: LedgerEntry): LedgerFilter => ({ ...party, session }) as LedgerFilter

/** Whether an entry passes a filter. */
export function isWanted(
  entry: LedgerEntry,
  { since, until, request, limit: _limit, cursor: _cursor, ...names }: EntryFilter,
): boolean {
  return (
    entry.at >= (since ?? 0) &&
    entry.at < (until ?? Number.POSITIVE_INFINITY) &&
    (request === undefined || isOfRequest(entry, request)) &&
    fits(namesOf(entry), names)
  )
}
