import { z } from 'zod'
import { duration, identifier, nonEmpty, positive, secretText, share } from '../../lib/config-fields.ts'
import type { Secret } from '../../lib/secret.ts'
import type { EgressPath } from '../../transport/egress.settings.schema.ts'

export const ALERT_RULES = [
  'provider_down',
  'accounts_locked',
  'fallback_rate',
  'budget',
  'unknown_price',
  'spooling',
  'disk_low',
  'replica_behind',
] as const
export type AlertRule = (typeof ALERT_RULES)[number]

const seconds = (fallback: number): z.ZodDefault<z.ZodInt> =>
  z.int('a whole number of seconds').min(0, 'at least 0').max(86_400, 'at most 86400').default(fallback)

const enabled = (): z.ZodDefault<z.ZodBoolean> => z.boolean().default(true).describe('Whether the rule is watched.')
const forSecs = (fallback: number): z.ZodDefault<z.ZodInt> =>
  seconds(fallback).describe('How long it must last before anybody is told, in seconds.')

const rulesSchema = z.strictObject({
  provider_down: z
    .strictObject({ enabled: enabled(), for_secs: forSecs(0) })
    .prefault({})
    .describe('The circuit of a provider, or of all its called targets, is open.'),
  accounts_locked: z
    .strictObject({ enabled: enabled(), for_secs: forSecs(60) })
    .prefault({})
    .describe('Every account of a provider is locked, as a whole or for one model.'),
  fallback_rate: z
    .strictObject({
      enabled: enabled(),
      for_secs: forSecs(60),
      above: share().default(0.25).describe('Share of the calls that needed another target or account.'),
      window_secs: z
        .int('a whole number of seconds')
        .min(60, 'at least 60')
        .max(3_600, 'at most 3600')
        .default(300)
        .describe('Over how many seconds calls are counted.'),
      min_requests: positive().default(20).describe('With fewer calls than that nothing is said.'),
    })
    .prefault({})
    .describe('Many calls are not served by their first choice.'),
  budget: z
    .strictObject({
      enabled: enabled(),
      at: z
        .array(z.number('a share such as 0.8').gt(0, 'above 0').max(10, 'at most 10'))
        .default([0.8, 1])
        .describe('Used shares of a budget at which somebody is told, each once a window.'),
    })
    .prefault({})
    .describe('A budget is nearly, or completely, used.'),
  unknown_price: z
    .strictObject({
      enabled: enabled(),
      quiet_secs: seconds(3_600).describe('Settled after so many seconds without another one.'),
    })
    .prefault({})
    .describe('A model without a known price was used, so its cost is not known.'),
  spooling: z
    .strictObject({ enabled: enabled(), for_secs: forSecs(30) })
    .prefault({})
    .describe('Records or settlements cannot be written, and wait.'),
  disk_low: z
    .strictObject({
      enabled: enabled(),
      for_secs: forSecs(60),
      free_mb: positive().default(1_024).describe('Free megabytes at the data directory below which it is told.'),
    })
    .prefault({})
    .describe('The disk with the data directory is nearly full.'),
  replica_behind: z
    .strictObject({
      enabled: enabled(),
      for_secs: forSecs(30),
      by_secs: seconds(5).describe('How far behind, in seconds, a replica may be.'),
    })
    .prefault({})
    .describe('A replica does not follow the others.'),
})

const webhookSchema = z
  .strictObject({
    id: identifier().describe('Name of the webhook, for logs and tests.'),
    url_env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'the NAME of an environment variable, not the address itself')
      .optional()
      .describe('Name of the environment variable that holds the address, which is often a secret.'),
    url: secretText().optional().describe('The address itself; `${NAME}` references are better.'),
    format: z
      .enum(['json', 'slack'])
      .default('json')
      .describe('`json` is described in docs/guides/observe.md; `slack` is what Slack and those who follow it take.'),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'the name of a header'), secretText())
      .default({})
      .describe('Sent with every message, such as credentials. Values are never shown.'),
    allow_private: z.boolean().default(false).describe('Whether it may be on this machine or a private network.'),
    only: z.array(z.enum(ALERT_RULES)).default([]).describe('The rules it is for; none is all of them.'),
    resolved: z.boolean().default(true).describe('Whether it is told when an alert is over.'),
  })
  .describe('Somebody to be told.')

/** `alerts.*` of the configuration. */
export const alertsSchema = z.strictObject({
  webhooks: z
    .array(webhookSchema)
    .max(32, 'at most 32 webhooks')
    .default([])
    .describe('Who is told. Without one nothing is watched.'),
  repeat: duration()
    .default('4h')
    .describe('After how long an alert that lasts is told again, such as `4h`; `forever` for never.'),
  instance: nonEmpty().optional().describe('How this gateway calls itself in messages. Default: its address.'),
  rules: rulesSchema.prefault({}).describe('What is watched.'),
})

export type AlertsConfig = z.output<typeof alertsSchema>
export type AlertRules = AlertsConfig['rules']

/** A webhook, with its address resolved. */
export interface Webhook {
  readonly id: string
  readonly url: Secret
  readonly format: 'json' | 'slack'
  readonly headers: Readonly<Record<string, Secret>>
  readonly egress: EgressPath
  /** Undefined is every rule. */
  readonly only: ReadonlySet<AlertRule> | undefined
  readonly resolved: boolean
}

/** `alerts`, compiled. */
export interface AlertSettings {
  readonly webhooks: readonly Webhook[]
  /** In milliseconds; undefined for never. */
  readonly repeatMs: number | undefined
  readonly instance: string | undefined
  readonly rules: AlertRules
}
