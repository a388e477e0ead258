import { z } from 'zod'
import { duration, nonEmpty } from '../lib/config-fields.ts'

/** `state.*` of the configuration: where the gateway keeps what must outlive a request. */
export const stateSchema = z.strictObject({
  store: nonEmpty()
    .optional()
    .describe(
      '`memory` to keep nothing on disk, or the path of an SQLite file. Default: `switchback.db` in the data directory. Relative paths start at the configuration file.',
    ),
  coordination: z
    .literal('memory')
    .default('memory')
    .describe('How several processes share fast state. This version runs as one process: only `memory`.'),
})

/** `retention.*`: how long records are kept. */
export const retentionSchema = z.strictObject({
  requests: duration()
    .default('30d')
    .describe('Age at which request records are deleted, such as `30d`, `12h`, `90m`; `forever` keeps them.'),
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

/** `state` and `retention`, compiled. */
export interface StateSettings {
  /** `memory`, the absolute path of an SQLite file, or undefined for the usual file in the data directory. */
  readonly store: 'memory' | (string & {}) | undefined
  /** Age at which request records are deleted, in ms; undefined keeps them. */
  readonly retentionMs: number | undefined
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
