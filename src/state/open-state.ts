import type { HealthSettings, HealthStore } from './health/store.ts'
import type { Clock } from '../lib/clock.ts'
import { openWhole, type ClosingList } from '../lib/closing-list.ts'
import { createNoCoordination } from './coordination/none.ts'
import type { Coordination, ReplicaCard } from './coordination/store.ts'
import { createMemoryAffinity } from './affinity/memory.ts'
import type { AffinityStore } from './affinity/store.ts'
import { openDisables } from './disables/open.ts'
import { keptAudit } from './audit/kept-audit.ts'
import { openAudit } from './audit/open.ts'
import type { AuditStore } from './audit/store.ts'
import { createFileCertifications } from './certifications/file.ts'
import type { CertificationStore } from './certifications/store.ts'
import type { DisableStore } from './disables/store.ts'
import { createMemoryIdempotency } from './idempotency/memory.ts'
import type { IdempotencyStore } from './idempotency/store.ts'
import { freshSalt } from './installation/postgres.ts'
import { keepPeriods } from './limits/period-keeper.ts'
import { createMemoryLimits } from './limits/memory.ts'
import { openSqlitePeriods } from './limits/sqlite-periods.ts'
import type { LimitStore } from './limits/store.ts'
import { createMemoryHealth } from './health/memory.ts'
import { keepScorecards, type ScorecardKeeper, type ScorecardKeeping } from './health/scorecard-keeper.ts'
import { openSqliteScorecards } from './health/sqlite-scorecards.ts'
import { openTenancy } from './tenancy/open.ts'
import type { TenancyStore } from './tenancy/store.ts'
import { openLedger, type OpenLedger } from './ledger/open.ts'
import { openRecords } from './records/open.ts'
import type { RecordStore, StoreWarning, UnpackRecord } from './records/store.ts'
import { openSqliteRotatedKeys } from './rotated-keys/sqlite.ts'
import type { RotatedKeyStore } from './rotated-keys/store.ts'
import { openRevisions } from './revisions/open.ts'
import type { RevisionStore } from './revisions/store.ts'
import { createFilePrices } from './prices/file.ts'
import type { PriceStore } from './prices/store.ts'
import { createMemorySignatures } from './signatures/memory.ts'
import type { SignatureStore } from './signatures/store.ts'
import type { LedgerSettings } from './state.schema.ts'

/** What state needs of the gateway that uses it, wherever it is kept. */
export interface StateSurroundings {
  /** Age at which records are deleted, in milliseconds; undefined keeps them. */
  readonly retentionMs: number | undefined
  readonly auditRetentionMs: number | undefined
  readonly ledger: LedgerSettings
  /** Asked before entries of the ledger are made. Never rejects. */
  readonly preparePrices: () => Promise<void>
  readonly health: HealthSettings
  readonly scorecards: ScorecardKeeping
  /** Milliseconds, and the most keys remembered. */
  readonly idempotency: { readonly leaseMs: number; readonly ttlMs: number; readonly maxKeys: number }
  readonly clock: Clock
  readonly unpack: UnpackRecord
  readonly warn: StoreWarning
  /** What this gateway tells others of itself. */
  readonly card: ReplicaCard
}

export interface OpenStateOptions extends StateSurroundings {
  /** `memory`, or the path of an SQLite file. */
  readonly store: string
  /** The file of certifications; undefined without a data directory. */
  readonly certificationPath?: string | undefined
  /** Path of the operator's prices; undefined where there is no data directory. */
  readonly priceFile: string | undefined
}

/** Everything a gateway remembers. */
export interface GatewayState {
  readonly records: RecordStore
  readonly health: HealthStore
  readonly affinity: AffinityStore
  readonly signatures: SignatureStore
  readonly disables: DisableStore
  readonly tenancy: TenancyStore
  /** Undefined when nothing outlives the process. */
  readonly rotatedKeys: RotatedKeyStore | undefined
  /** Undefined when nothing outlives the process. */
  readonly certifications: CertificationStore | undefined
  readonly audit: AuditStore
  /** Configurations that gateways have served by, and which was published for all of them. */
  readonly revisions: RevisionStore
  /** The operator's prices; undefined where nothing is kept. */
  readonly prices: PriceStore | undefined
  /** Undefined when it is switched off. */
  readonly ledger: OpenLedger | undefined
  /** Takes the settings of a new configuration. What is known stays; the store stays the one that was opened. */
  configure(settings: StateChange): void
  readonly limits: LimitStore
  readonly idempotency: IdempotencyStore
  /** Unguessable, for hashes of what must not be recorded; that of all gateways that share this state, once it has joined them. */
  readonly sessionSalt: string
  /** The other gateways that share this state. */
  readonly coordination: Coordination
  /**
   * Resolves when everything that was kept is known here. Before, records are taken and nothing else is. Rejects with `state_unavailable`
   * or `state_incompatible`.
   */
  join(): Promise<void>
  /** Writes what is left and releases everything. */
  close(): Promise<void>
}

export type StateChange = Pick<StateSurroundings, 'retentionMs' | 'auditRetentionMs' | 'ledger' | 'health' | 'scorecards'>

interface ConfigurableParts extends Pick<GatewayState, 'health' | 'ledger'> {
  readonly records: ReturnType<typeof openRecords>
  readonly keepAuditFor: ReturnType<typeof keptAudit>['keepAuditFor']
  readonly scorecards: ScorecardKeeper | undefined
}

/** Gives every part the settings of a new configuration, wherever it keeps what it knows. */
export function configureParts(
  { records, ledger, keepAuditFor, health, scorecards }: ConfigurableParts,
  next: StateChange,
): void {
  records.keepFor(next.retentionMs)
  ledger?.keepFor(next.ledger)
  keepAuditFor(next.auditRetentionMs)
  health.configure(next.health)
  scorecards?.configure(next.scorecards)
}

/** Opens the state a configuration asks for. Throws `state_unavailable` or `state_incompatible`, with nothing left open. */
export const openState = (options: OpenStateOptions): GatewayState => openWhole((opened) => stateOf(options, opened))

function stateOf(options: OpenStateOptions, opened: ClosingList): GatewayState {
  const { store, clock, warn, certificationPath } = options
  const isFile = store !== 'memory'
  const records = opened.add(openRecords(options))
  const health = createMemoryHealth({ clock, settings: options.health })
  const disables = opened.add(openDisables({ store, clock }))
  const tenancy = opened.add(openTenancy({ store, clock }))
  const { audit, keepAuditFor } = keptAudit(openAudit({ store, clock }), { ...options, opened })
  const ledger = options.ledger.enabled
    ? opened.add(openLedger({ ...options.ledger, store, clock, warn, prepare: options.preparePrices }))
    : undefined
  const scorecards = isFile
    ? opened.add(
        keepScorecards({ health, file: openSqliteScorecards({ path: store, clock }), clock, keeping: options.scorecards, warn }),
      )
    : undefined
  const rotatedKeys = isFile ? opened.add(openSqliteRotatedKeys({ path: store, clock })) : undefined
  const revisions = opened.add(openRevisions({ store, clock }))
  const limits = createMemoryLimits({ clock })
  if (isFile) opened.add(keepPeriods({ limits, file: openSqlitePeriods({ path: store, clock }), clock, warn }))
  return {
    records,
    health,
    affinity: createMemoryAffinity({ clock }),
    signatures: createMemorySignatures({ clock }),
    disables,
    tenancy,
    rotatedKeys,
    certifications:
      certificationPath === undefined ? undefined : opened.add(createFileCertifications({ path: certificationPath, clock })),
    audit,
    revisions,
    prices: options.priceFile === undefined ? undefined : createFilePrices({ path: options.priceFile, clock }),
    ledger,
    configure: (next) => configureParts({ records, ledger, keepAuditFor, health, scorecards }, next),
    limits,
    idempotency: createMemoryIdempotency({ clock, ...options.idempotency, capacity: options.idempotency.maxKeys }),
    sessionSalt: freshSalt(),
    coordination: createNoCoordination(options.card),
    join: async () => ledger?.join(),
    close: () => opened.close(),
  }
}
