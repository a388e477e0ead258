import { z } from 'zod'
import { duration, nonEmpty } from '../lib/config-fields.ts'
import { Secret } from '../lib/secret.ts'
import { isPostgresUrl, postgresUrlProblem, type PostgresAddress } from './postgres/address.schema.ts'
import { isRedisUrl, redisUrlProblem, type RedisAddress } from './redis/address.schema.ts'

const isUrl = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(text)

/** What is wrong with `state.store`, as what was expected. */
function storeProblem(text: string): string | undefined {
  if (isPostgresUrl(text)) return postgresUrlProblem(text)
  return isUrl(text) ? '`memory`, the path of an SQLite file, or postgres://user:password@host:5432/database' : undefined
}

/** What is wrong with `state.coordination`, as what was expected. */
function coordinationProblem(text: string): string | undefined {
  if (text === 'memory') return undefined
  return isRedisUrl(text) ? redisUrlProblem(text) : '`memory` or redis://:password@host:6379/0 (rediss:// with TLS)'
}

/** Addresses hold passwords. */
const hidden = (text: string): string | Secret => (isUrl(text) ? new Secret(text) : text)

const checked =
  (problemOf: (text: string) => string | undefined) =>
  (text: string, context: z.core.$RefinementCtx<string>): void => {
    const message = problemOf(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  }

/** `state.*` of the configuration: where the gateway keeps what must outlive a request. */
export const stateSchema = z.strictObject({
  store: nonEmpty()
    .superRefine(checked(storeProblem))
    .transform(hidden)
    .optional()
    .describe(
      '`memory` to keep nothing on disk, the path of an SQLite file, or `postgres://user:password@host:5432/database` for a store that several gateways share. Default: `switchback.db` in the data directory. Relative paths start at the configuration file. Parameters of the address: `sslmode` (`verify-full`, `require`, `disable`), `sslrootcert`, `schema`.',
    ),
  on_loss: z
    .enum(['closed', 'local_share', 'open'])
    .default('local_share')
    .describe(
      'What holds of limits and budgets while Redis is away: `closed` admits nothing that is limited, with `local_share` each gateway keeps its share of every limit, `open` admits everything.',
    ),
  coordination: nonEmpty()
    .superRefine(checked(coordinationProblem))
    .transform(hidden)
    .default('memory')
    .describe(
      'How gateways that share a store keep each other informed: `redis://:password@host:6379/0`, or `rediss://` with TLS. `memory`: there is only one. Parameters of the address: `prefix`, `cafile`.',
    ),
})

/** `retention.*`: how long records are kept. */
export const retentionSchema = z.strictObject({
  requests: duration()
    .default('30d')
    .describe('Age at which request records are deleted, such as `30d`, `12h`, `90m`; `forever` keeps them.'),
  audit: duration()
    .default('365d')
    .describe('Age at which the audit of changes and refused callers is deleted; `forever` keeps it.'),
  ledger: duration()
    .default('400d')
    .describe('Age at which single entries of the ledger are deleted. What is summed of them stays as long as `rollups` says.'),
  rollups: duration().default('400d').describe('Age at which the sums of usage and cost by hour, day and session are deleted.'),
})

/** `ledger.*`: the account of what calls cost. */
export const ledgerSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('Write down what each attempt used and cost.'),
  required: z
    .boolean()
    .default(false)
    .describe(
      'An answer ends only when what it cost is on a disk, in the ledger or in its local file; when neither takes it, calls are refused. Otherwise entries are written within 250 ms, and a crash can lose those.',
    ),
})

export type StateConfig = z.output<typeof stateSchema>
export type RetentionConfig = z.output<typeof retentionSchema>
export type LedgerConfig = z.output<typeof ledgerSchema>

/** Where several gateways keep what they share. */
export interface SharedStateSettings {
  readonly postgres: PostgresAddress
  /** Undefined for the only gateway on its database. */
  readonly redis: RedisAddress | undefined
  /** What holds of limits while Redis is away. */
  readonly onLoss: 'closed' | 'local_share' | 'open'
}

/** `state` and `retention`, compiled. */
export interface StateSettings {
  /** `memory`, the absolute path of an SQLite file, or undefined for the usual file in the data directory. Not asked when there is `shared`. */
  readonly store: 'memory' | (string & {}) | undefined
  /** Set when the state is kept where other gateways can reach it. */
  readonly shared: SharedStateSettings | undefined
  /** Age at which request records are deleted, in ms; undefined keeps them. */
  readonly retentionMs: number | undefined
  /** The same of the audit. */
  readonly auditRetentionMs: number | undefined
  readonly ledger: LedgerSettings
}

/** `ledger`, and how long it is kept, compiled. */
export interface LedgerSettings {
  readonly enabled: boolean
  readonly required: boolean
  /** Ages at which entries and sums are deleted, in ms; undefined keeps them. */
  readonly keepEntriesMs: number | undefined
  readonly keepRollupsMs: number | undefined
}
