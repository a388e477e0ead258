import type { Diagnostic } from '../../ir/diagnostic.ts'
import type { AttemptRecord } from '../../ir/record.ts'
import type { Usage } from '../../ir/usage.ts'
import { packDecision } from '../../routing/packed-decision.ts'
import type { PackedRecord } from '../../state/records/store.ts'
import { ENGINE_VERSION } from '../version.ts'
import { FORM, USAGE_OF_RECORD, type PackedAttempt, type PackedRow } from './packed-row.ts'
import type { RecordSeed } from './record-seed.ts'

/**
 * A record on its way into the store. It is packed when its text is first asked for, which the store does for several at a time: packing one
 * in the middle of each request finds none of its code in the processor's caches and costs twice as much.
 */
export class PendingRecord implements PackedRecord {
  readonly requestId: string
  readonly startedAt: number
  readonly model: string
  readonly status: number
  readonly sessionId: string | undefined
  readonly tenant: string | undefined
  readonly apiKeyId: string | undefined
  readonly owner: string | undefined
  private seed: RecordSeed | undefined
  private text = ''

  constructor(seed: RecordSeed) {
    this.requestId = seed.requestId
    this.startedAt = seed.startedAt
    this.model = seed.question.model
    this.status = seed.status
    this.sessionId = seed.sessionId
    this.tenant = seed.principal.tenant
    this.apiKeyId = seed.principal.keyId
    this.owner = seed.principal.owner
    this.seed = seed
  }

  get json(): string {
    if (this.seed !== undefined) {
      this.text = JSON.stringify(packRecord(this.seed))
      this.seed = undefined
    }
    return this.text
  }
}

function packRecord(seed: RecordSeed): PackedRow {
  const { facts, principal, snapshot } = seed
  return [
    FORM,
    seed.requestId,
    seed.startedAt,
    ENGINE_VERSION,
    snapshot.revision,
    snapshot.configHash,
    seed.operation,
    principal.role,
    principal.keyId ?? null,
    principal.tenant ?? null,
    seed.sessionId ?? null,
    seed.status,
    seed.errorCode ?? null,
    thousandths(seed.totalMs),
    seed.firstTokenMs === undefined ? null : thousandths(seed.firstTokenMs),
    Math.round(seed.overheadUs),
    seed.requestBytes,
    seed.committedEarly,
    facts?.model ?? null,
    facts?.finish?.unified ?? null,
    facts?.finish?.raw ?? null,
    facts?.usage === undefined ? null : withoutRaw(facts.usage),
    packDecision(seed.plan, seed.question),
    seed.attempts.map((attempt) => packAttempt(attempt, facts?.usage)),
    bounded(seed.diagnostics),
    seed.skipped,
    seed.clientRetry ?? null,
  ]
}

const packAttempt = (attempt: AttemptRecord, usageOfRecord: Usage | undefined): PackedAttempt => [
  attempt.target_id,
  attempt.provider_id,
  attempt.model,
  attempt.account_id,
  attempt.format,
  attempt.started_ms,
  attempt.latency_ms,
  attempt.outcome,
  attempt.error_code ?? null,
  attempt.error_category ?? null,
  attempt.upstream_status ?? null,
  attempt.upstream_error_type ?? null,
  attempt.upstream_request_id ?? null,
  attempt.next ?? null,
  attempt.cancelled_because ?? null,
  attempt.passthrough,
  attempt.passthrough_refused ?? null,
  attempt.usage === undefined ? null : attempt.usage === usageOfRecord ? USAGE_OF_RECORD : withoutRaw(attempt.usage),
  attempt.usage_known ?? null,
  ...(attempt.egress === undefined ? NO_EGRESS : ([attempt.egress] as const)),
]

const NO_EGRESS = [] as const

/** The upstream's own words stay out of records. */
const withoutRaw = ({ raw: _raw, ...usage }: Usage): Omit<Usage, 'raw'> => usage

/** Paths hold names that clients chose: neither their number nor their length may fill the store. */
const MOST_DIAGNOSTICS = 200
const LONGEST_PATH = 256

const bounded = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] =>
  diagnostics.length === 0
    ? diagnostics
    : diagnostics
        .slice(0, MOST_DIAGNOSTICS)
        .map((diagnostic) =>
          diagnostic.path.length <= LONGEST_PATH
            ? diagnostic
            : { ...diagnostic, path: `${diagnostic.path.slice(0, LONGEST_PATH)}…` },
        )

const thousandths = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000
