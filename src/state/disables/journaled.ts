import type { Clock } from '../../lib/clock.ts'
import { DisableMirror } from './mirror.ts'
import { changeLimit, checkTexts, entryOf } from './order.ts'
import type { DisableChange, DisableEntry, DisableStore, DisableSubject } from './store.ts'

/** Where orders and their history are kept, for one gateway. Each call is done, or has thrown, when it returns. */
export interface DisableJournal {
  /** What an earlier process left; what has ended by `now` may be among it. */
  load(): readonly DisableEntry[]
  put(entry: DisableEntry, change: DisableChange): void
  remove(subject: DisableSubject, change: DisableChange): void
  /** Newest first. */
  changes(limit: number): readonly DisableChange[]
  close(): void
}

/** A disable store that reads from memory and writes through to a journal first. */
export function createJournaledDisables(journal: DisableJournal, clock: Pick<Clock, 'wall'>): DisableStore {
  const mirror = new DisableMirror()
  const now = (): number => Math.floor(clock.wall())
  for (const entry of journal.load()) mirror.put(entry)
  mirror.list(now())
  return {
    get any() {
      return mirror.any
    },
    model: (provider, model) => (mirror.any ? mirror.model(provider, model, now()) : undefined),
    account: (provider, account) => (mirror.any ? mirror.account(provider, account, now()) : undefined),
    async disable(order) {
      const entry = entryOf(order, now())
      const { subject, reason, until, by, since } = entry
      journal.put(entry, { at: since, action: 'disable', subject, reason, until, by })
      mirror.put(entry)
      return entry
    },
    async enable({ subject, reason, by }) {
      checkTexts(reason, by)
      const at = now()
      mirror.list(at)
      if (!mirror.has(subject)) return false
      journal.remove(subject, { at, action: 'enable', subject, reason, by })
      return mirror.remove(subject)
    },
    list: () => mirror.list(now()),
    changes: async (limit) => journal.changes(changeLimit(limit)),
    close: async () => journal.close(),
  }
}
