import type { LostAttempt } from '../../ir/settlement.ts'
import { inBatches } from '../../lib/in-batches.ts'
import type { Redis } from '../redis/redis.ts'
import { readNote } from './read-note.ts'
import { FORGET, NOTE, ORPHANS } from './redis-scripts.ts'
import type { OpenAttempts } from './store.ts'

/** Words of one command: Lua passes on only so many. */
const AT_ONCE = 1_000
/** Orphans of one process that are told at once, about. */
const ORPHANS_AT_ONCE = 256
/** Beginnings and ends that are told together: others wait while these are on their way. */
const TOLD_AT_ONCE = 64
const MOST_UNTOLD = 100_000

type Change = { readonly begun: LostAttempt } | { readonly ended: readonly string[] }

const notesOf = (notes: ReadonlyMap<string, LostAttempt>): string[] =>
  [...notes].flatMap(([id, note]) => [id, JSON.stringify(note)])

export interface RedisOpenAttemptsOptions {
  readonly redis: Pick<Redis, 'run' | 'key'>
  /** This process, as it renews its lease. */
  readonly process: string
}

/**
 * Notes of all replicas, in Redis; they are sent as soon as they are made. A replica that has no lease when it is looked for twice running is
 * taken for gone: when Redis comes back, nobody has one at first. Of a replica that was only cut off the settlements follow, and are taken as
 * late ones. Notes that Redis could not take, or has lost, are missing.
 */
export function createRedisOpenAttempts({ redis, process }: RedisOpenAttemptsOptions): OpenAttempts {
  const keys = [redis.key('open', ''), redis.key('open'), redis.key('leases')]
  const own = new Set<string>()
  /** Who noted the orphans that were told. */
  const processes = new Map<string, string>()
  /** Own ones that are kept, and Redis could not be told. */
  const untold = new Set<string>()
  /** Without a lease when it was looked last. */
  let suspects: ReadonlySet<string> = new Set()
  const forget = async (who: string, ids: readonly string[]): Promise<void> => {
    for (let from = 0; from < ids.length; from += AT_ONCE)
      await redis.run(FORGET, keys, [who, ...ids.slice(from, from + AT_ONCE)])
  }
  /** In one row, so that no end overtakes its beginning. What began and was kept meanwhile need not be told. */
  const tell = inBatches(async (changes: readonly Change[]) => {
    const begun = new Map<string, LostAttempt>(
      changes.flatMap((change) => ('begun' in change ? [[change.begun.id, change.begun]] : [])),
    )
    const ended = changes.flatMap((change) => ('ended' in change ? change.ended.filter((id) => !begun.delete(id)) : []))
    // Redis may have notes although it did not say so in time: they are forgotten like any others.
    const noted = begun.size > 0 && redis.run(NOTE, keys, [process, ...notesOf(begun)]).catch(() => undefined)
    await Promise.all([noted, forget(process, ended)])
    return changes.map(() => undefined)
  }, TOLD_AT_ONCE)
  const remember = (ids: readonly string[]): void => {
    // Of what is not remembered either the ledger will know better when this process is gone.
    for (const id of ids) if (untold.size < MOST_UNTOLD) untold.add(id)
  }
  return {
    begun(note) {
      own.add(note.id)
      tell({ begun: note }).catch(() => undefined)
    },
    kept(ids) {
      const known = [...ids].filter((id) => own.delete(id))
      if (known.length > 0) tell({ ended: known }).catch(() => remember(known))
    },
    async orphans() {
      const late = [...untold]
      await forget(process, late)
      for (const id of late) untold.delete(id)
      const rows = (await redis.run(ORPHANS, keys, [process, ORPHANS_AT_ONCE])) as [string, string, string][]
      const known = suspects
      suspects = new Set(rows.map(([who]) => who))
      const notes: LostAttempt[] = []
      for (const [who, id, text] of rows) {
        if (!known.has(who)) continue
        const note = readNote(text)
        if (note?.id === id) {
          notes.push(note)
          processes.set(id, who)
        } else await forget(who, [id])
      }
      return notes
    },
    async buried(ids) {
      for (const [who, list] of Map.groupBy(ids, (id) => processes.get(id))) {
        if (who !== undefined) await forget(who, list)
        for (const id of list) processes.delete(id)
      }
    },
    async close() {
      own.clear()
      await tell({ ended: [] }).catch(() => undefined)
    },
  }
}
