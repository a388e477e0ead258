import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../lib/clock.ts'
import { within } from '../lib/within.ts'
import { createPostgresAudit } from './audit/postgres.ts'
import { createMemoryAffinity } from './affinity/memory.ts'
import { createSharedAffinity } from './affinity/shared.ts'
import { createNoCoordination } from './coordination/none.ts'
import { createRedisCoordination } from './coordination/redis.ts'
import type { Coordination } from './coordination/store.ts'
import { createPostgresDisables } from './disables/postgres.ts'
import { readCircuitChange } from './health/circuit-change.ts'
import { createMemoryHealth } from './health/memory.ts'
import { createPostgresScorecards } from './health/postgres-scorecards.ts'
import { keepScorecards, type ScorecardKeeper } from './health/scorecard-keeper.ts'
import type { HealthStore } from './health/store.ts'
import type { GatewayState, StateSurroundings } from './open-state.ts'
import { createMemoryIdempotency } from './idempotency/memory.ts'
import { createMemoryLimits } from './limits/memory.ts'
import { withLoss } from './limits/on-loss.ts'
import { createRedisLimits } from './limits/redis.ts'
import type { LimitStore } from './limits/store.ts'
import { ledgerOn, SPOOL_SUFFIX, type OpenLedger } from './ledger/open.ts'
import { createPostgresLedger } from './ledger/postgres.ts'
import type { LedgerStore } from './ledger/store.ts'
import { migratePostgres } from './postgres/migrate.ts'
import { openPostgres, type Postgres } from './postgres/postgres.ts'
import { withRetention } from './records/open.ts'
import { createPostgresRecords } from './records/postgres.ts'
import { startRetention } from './records/retention.ts'
import { openRedis } from './redis/redis.ts'
import { SHARED_DOMAINS } from './shared-domains.ts'
import { createMemorySignatures } from './signatures/memory.ts'
import { createSharedSignatures } from './signatures/shared.ts'
import type { SharedStateSettings } from './state.schema.ts'
import { createPostgresTenancy } from './tenancy/postgres.ts'

export interface OpenSharedStateOptions extends StateSurroundings {
  readonly shared: SharedStateSettings
  /** Where this process alone may keep files for what the database does not take at once: the beginning of their paths. */
  readonly spoolPath: string | undefined
}

const CIRCUITS = 'circuit'
const LEDGER_WRITE_MS = 1_000
/** A call waits for this before it is admitted. */
const LIMITS_MS = 250

/**
 * State that several gateways share: PostgreSQL holds what must last, Redis carries what must be quick. What requests read lies in the memory
 * of each. Nothing is sent before `join`. Throws `state_unavailable` where there are no clients for them.
 */
export function openSharedState(options: OpenSharedStateOptions): GatewayState {
  const { shared, clock, warn } = options
  const database = openPostgres({ address: shared.postgres, clock })
  const coordination = openCoordination(options)
  const health = createSharedHealth(options, coordination)
  const disables = createPostgresDisables({ database, clock, coordination })
  const tenancy = createPostgresTenancy({ database, clock, coordination })
  const audit = createPostgresAudit(database)
  let { auditRetentionMs } = options
  const stopPruning = startRetention({ store: audit, clock, keepMs: () => auditRetentionMs, warn, what: 'audit entries' })
  const records = openSharedRecords(options, database)
  const ledger = openSharedLedger(options, database)
  const { limits, closeLimits } = openSharedLimits(options, coordination)
  let scorecards: ScorecardKeeper | undefined
  return {
    records,
    health,
    affinity: createSharedAffinity({ local: createMemoryAffinity({ clock }), coordination, clock }),
    signatures: createSharedSignatures({ local: createMemorySignatures({ clock }), coordination }),
    disables,
    tenancy,
    audit,
    ledger,
    limits,
    idempotency: createMemoryIdempotency({ clock, ...options.idempotency, capacity: options.idempotency.maxKeys }),
    coordination,
    configure(next) {
      records.keepFor(next.retentionMs)
      ledger?.keepFor(next.ledger)
      auditRetentionMs = next.auditRetentionMs
      health.configure(next.health)
      scorecards?.configure(next.scorecards)
    },
    async join() {
      await migratePostgres(database, { schema: shared.postgres.schema, domains: SHARED_DOMAINS })
      await disables.load()
      scorecards = keepScorecards({ health, file: createPostgresScorecards(database), clock, keeping: options.scorecards, warn })
      await scorecards.loaded
      await coordination.join()
    },
    async close() {
      await scorecards?.close()
      await disables.close()
      await tenancy.close()
      stopPruning()
      await audit.close()
      await ledger?.close()
      await records.close()
      closeLimits()
      await coordination.close()
      await database.close()
    },
  }
}

function openSharedRecords(options: OpenSharedStateOptions, database: Postgres): ReturnType<typeof withRetention> {
  const { clock, warn, unpack, card, spoolPath } = options
  const records = createPostgresRecords({
    database,
    clock,
    warn,
    unpack,
    writer: card.id,
    spoolPath: spoolPath && `${spoolPath}.records-spool.jsonl`,
  })
  return withRetention(records, options)
}

function openSharedLedger(
  { ledger, clock, warn, preparePrices, spoolPath }: OpenSharedStateOptions,
  database: Postgres,
): OpenLedger | undefined {
  if (!ledger.enabled) return undefined
  const store = createPostgresLedger({ database, required: ledger.required })
  const path = spoolPath && `${spoolPath}${SPOOL_SUFFIX}`
  return ledgerOn(promptly(store, clock), { ...ledger, clock, warn, prepare: preparePrices, spoolPath: path, isDurable: true })
}

/** While the database hangs, entries are better off in the local file: what was written all the same is recognised by its id. */
function promptly(store: LedgerStore, clock: Clock): LedgerStore {
  return {
    write: (entries) => within(store.write(entries), { clock, ms: LEDGER_WRITE_MS, late }),
    rollups: (query) => store.rollups(query),
    entries: (filter) => store.entries(filter),
    settled: (filter) => store.settled(filter),
    prove: (range) => store.prove(range),
    prune: (before) => store.prune(before),
    close: () => store.close(),
  }
}

function late(): never {
  throw new GatewayError('state_unavailable', `The ledger did not take its entries within ${LEDGER_WRITE_MS} ms.`)
}

/** Counted in Redis for all gateways; while it is away, as `on_loss` says. The only gateway on a database counts for itself. */
function openSharedLimits(
  { shared, clock, warn }: OpenSharedStateOptions,
  coordination: Coordination,
): { limits: LimitStore; closeLimits: () => void } {
  const local = createMemoryLimits({ clock })
  if (shared.redis === undefined) return { limits: local, closeLimits: () => undefined }
  const redis = openRedis({ address: shared.redis, clock, deadlineMs: LIMITS_MS })
  const limits = withLoss({
    shared: createRedisLimits({ redis }),
    local,
    mode: shared.onLoss,
    replicas: () => coordination.replicas().length,
    changed: (isLost) =>
      isLost
        ? warn('limits cannot be counted together: Redis is away', { on_loss: shared.onLoss })
        : warn('limits are counted together again', {}),
  })
  return { limits, closeLimits: () => redis.close() }
}

function openCoordination({ shared, clock, warn, card }: OpenSharedStateOptions): Coordination {
  if (shared.redis === undefined) return createNoCoordination(card)
  return createRedisCoordination({ redis: openRedis({ address: shared.redis, clock }), card, clock, warn })
}

/** Each gateway learns for itself how targets do; a circuit that one of them opens or closes, is so for all. */
function createSharedHealth({ clock, health: settings }: OpenSharedStateOptions, coordination: Coordination): HealthStore {
  const health = createMemoryHealth({
    clock,
    settings,
    onCircuit: (change) => coordination.announce(CIRCUITS, { ...change }),
  })
  coordination.listen(CIRCUITS, (announcement, ageMs) => {
    const change = readCircuitChange(announcement, ageMs)
    if (change !== undefined) health.adopt(change)
  })
  return health
}
