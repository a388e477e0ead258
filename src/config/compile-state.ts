import { durationMs } from '../lib/config-fields.ts'
import { Secret } from '../lib/secret.ts'
import { postgresAddressOf } from '../state/postgres/address.schema.ts'
import { redisAddressOf } from '../state/redis/address.schema.ts'
import type { SharedStateSettings, StateSettings } from '../state/state.schema.ts'
import type { CompileContext, ConfigParts } from './compile-context.ts'
import { configuredPath } from './locate.ts'
import type { ConfigNotes } from './problem.ts'

/** `state.*` and `retention.*`, and whether they go together with `server.workers`. */
export function compileState(parts: ConfigParts, context: CompileContext, notes: ConfigNotes): StateSettings {
  const { store } = parts.state
  const shared = compileShared(parts, context, notes)
  requireSharing(parts, shared, notes)
  return {
    store:
      store instanceof Secret ? undefined : store === undefined || store === 'memory' ? store : configuredPath(store, context),
    shared,
    retentionMs: durationMs(parts.retention.requests),
    auditRetentionMs: durationMs(parts.retention.audit),
    ledger: {
      enabled: parts.ledger.enabled,
      required: parts.ledger.required,
      keepEntriesMs: durationMs(parts.retention.ledger),
      keepRollupsMs: durationMs(parts.retention.rollups),
    },
  }
}

function compileShared({ state }: ConfigParts, context: CompileContext, notes: ConfigNotes): SharedStateSettings | undefined {
  const { store, coordination } = state
  if (!(store instanceof Secret)) {
    if (coordination instanceof Secret)
      notes.problem(
        ['state', 'coordination'],
        'Gateways that keep each other informed need a store they share, or each would have other records and other disables. Set state.store to postgres://…, or leave state.coordination out.',
      )
    return undefined
  }
  const postgres = postgresAddressOf(store.reveal())
  const redis = coordination instanceof Secret ? redisAddressOf(coordination.reveal()) : undefined
  if (redis === undefined)
    notes.warning(
      ['state', 'store'],
      'Without state.coordination only one gateway may work with this database: others would not know its locks, circuits and conversations. Set state.coordination to redis://… before you start a second one.',
    )
  const placed = <Address extends { readonly certificates: string | undefined }>(address: Address): Address =>
    address.certificates === undefined ? address : { ...address, certificates: configuredPath(address.certificates, context) }
  return { postgres: placed(postgres), redis: redis === undefined ? undefined : placed(redis), onLoss: state.on_loss }
}

function requireSharing({ server }: ConfigParts, shared: SharedStateSettings | undefined, notes: ConfigNotes): void {
  if (server.workers === 1 || shared?.redis !== undefined) return
  notes.problem(
    ['server', 'workers'],
    'Several processes need state that they share: an SQLite file and the memory of a process belong to one process. Set state.store to postgres://… and state.coordination to redis://…, or server.workers to 1.',
  )
}
