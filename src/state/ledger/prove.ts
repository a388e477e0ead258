import type { LedgerEntry } from '../../ir/settlement.ts'
import { addMeasures, measuresOf, namedMeasures, noMeasures } from './measures.ts'
import type { LedgerProof, LedgerStore, TimeRange } from './store.ts'
import { hourOf } from './time-range.ts'

interface ProvenStore extends Pick<LedgerStore, 'rollups'> {
  /** The entries settled within whole hours, in pieces. */
  pagesOf(hours: TimeRange): Iterable<readonly LedgerEntry[]> | AsyncIterable<readonly LedgerEntry[]>
}

/** Adds up a time range from the entries and from the rollups. */
export async function prove(range: TimeRange, store: ProvenStore): Promise<LedgerProof> {
  const hours = { since: hourOf(range.since), until: hourOf(range.until) }
  const sums = noMeasures()
  for await (const entries of store.pagesOf(hours)) for (const entry of entries) addMeasures(sums, measuresOf(entry))
  const [total] = await store.rollups({ ...hours, groupBy: [], filter: {} })
  return { entries: namedMeasures(sums), rollups: total?.sums ?? namedMeasures([]) }
}
