import type { JsonObject } from '../../ir/json.ts'
import type { Clock } from '../../lib/clock.ts'
import type { RandomBytes } from '../../lib/issued-key.ts'
import type { AuditStore } from '../../state/audit/store.ts'
import type { LedgerStore } from '../../state/ledger/store.ts'
import type { SourceUse } from '../../state/tenancy/key-sources.ts'
import type { TenancyKind, TenancyStore } from '../../state/tenancy/store.ts'
import type { RecordSource } from '../record-source.ts'
import type { SelfReport } from './self-report.ts'

/** Names that allow lists may hold, and tenants that the configuration declares. */
export interface KnownNames {
  readonly providers: readonly string[]
  /** As `provider/account`. */
  readonly accounts: readonly string[]
  readonly routes: readonly string[]
  readonly tenants: readonly string[]
}

/**
 * Checks limits that somebody wrote for a key, an owner, a project or a tenant, and returns them as they are to be kept. Throws
 * `invalid_body` naming the field.
 */
export type ReadLimits = (value: unknown, kind: TenancyKind) => JsonObject

/** What the use-cases about keys and tenants work on. */
export interface TenancyParts {
  readonly store: TenancyStore
  readonly audit: Pick<AuditStore, 'append'>
  readonly clock: Pick<Clock, 'wall'>
  readonly random: RandomBytes
  readonly known: () => KnownNames
  /** Without it limits are refused: nothing would enforce them. */
  readonly readLimits?: ReadLimits | undefined
  /** Where a key was used from, as far as this process has seen. */
  readonly useOf?: ((keyId: string) => readonly SourceUse[] | undefined) | undefined
  /** For what a key was used. */
  readonly records?: Pick<RecordSource, 'scan'> | undefined
  /** What a key has spent; undefined without a ledger. */
  readonly ledger?: Pick<LedgerStore, 'rollups'> | undefined
  /** What others have to say of a key: its limits, what it has spent. */
  readonly reports?: readonly SelfReport[] | undefined
}
