import { attemptOf, type LedgerEntry } from '../../ir/settlement.ts'
import type { EntryFilter, LedgerStore } from '../../state/ledger/store.ts'

/** An entry of the ledger as it is shown: one level of names, times as ISO 8601. */
export type UsageEvent = Readonly<Record<string, unknown>> & { readonly id: string; readonly kind: LedgerEntry['kind'] }

/** Schema `switchback.usage-events/v1`. */
export interface UsageEvents {
  readonly schema: 'switchback.usage-events/v1'
  /** Newest first. */
  readonly events: readonly UsageEvent[]
  /** `cursor` of the next page; absent at the end. */
  readonly next?: string | undefined
}

/** A page of the ledger's entries. */
export async function usageEvents(store: Pick<LedgerStore, 'entries'>, filter: EntryFilter): Promise<UsageEvents> {
  const { entries, next } = await store.entries(filter)
  return { schema: 'switchback.usage-events/v1', events: entries.map(eventOf), next }
}

function eventOf(entry: LedgerEntry): UsageEvent {
  const { id, kind, at, party, session, ...rest } = entry
  const attempt = attemptOf(entry)
  const request = attempt.slice(0, attempt.lastIndexOf('.'))
  return { id, kind, at: new Date(at).toISOString(), request, attempt, ...party, session, ...rest }
}
