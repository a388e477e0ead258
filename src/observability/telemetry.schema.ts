import { z } from 'zod'
import { httpAddress, milliseconds, nonEmpty, positive, secretText, share } from '../lib/config-fields.ts'
import type { Secret } from '../lib/secret.ts'
import type { EgressPath } from '../transport/egress.settings.schema.ts'

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'the name of a header')

const otlpSchema = z
  .strictObject({
    endpoint: httpAddress().describe(
      'Address of the collector, such as `http://localhost:4318`. `/v1/traces` and `/v1/metrics` are appended.',
    ),
    traces: z.boolean().default(true).describe('Whether spans go there.'),
    metrics: z.boolean().default(true).describe('Whether metrics go there.'),
    headers: z
      .record(headerName, secretText())
      .default({})
      .describe('Sent with every export, such as credentials. Values may be `${NAME}` references and are never shown.'),
    username: nonEmpty().optional().describe('For basic authentication, together with `password`.'),
    password: secretText().optional().describe('Such as `${LANGFUSE_SECRET_KEY}`.'),
    timeout_ms: milliseconds().default(10_000).describe('Longest wait for an answer of the collector.'),
    metrics_interval_ms: milliseconds().default(60_000).describe('How often metrics are exported.'),
    max_queued: positive()
      .max(65_536, 'at most 65536')
      .default(2_048)
      .describe('Requests whose spans wait while the collector does not take them; those beyond are not exported.'),
  })
  .describe('A destination for OpenTelemetry over HTTP, in JSON.')

/** `telemetry.*` of the configuration. */
export const telemetrySchema = z.strictObject({
  otlp: z.array(otlpSchema).max(8, 'at most 8 destinations').default([]).describe('Where spans and metrics are exported to.'),
  sample: share()
    .default(1)
    .describe('Share of the requests whose spans are exported. A caller that sends a `traceparent` has decided already.'),
  propagate: z
    .boolean()
    .default(true)
    .describe('Whether upstreams get `traceparent` and `tracestate`, where spans are exported. They hold random ids.'),
  resource: z
    .record(nonEmpty(), z.string())
    .default({})
    .describe('Attributes of everything that is exported, such as `deployment.environment.name: production`.'),
})

export type TelemetryConfig = z.output<typeof telemetrySchema>

/** A collector, with its credentials resolved. */
export interface OtlpDestination {
  /** Without a trailing slash. */
  readonly endpoint: string
  readonly traces: boolean
  readonly metrics: boolean
  readonly headers: Readonly<Record<string, Secret>>
  readonly egress: EgressPath
  readonly timeoutMs: number
  readonly metricsIntervalMs: number
  readonly maxQueued: number
}

/** `telemetry`, compiled. */
export interface TelemetrySettings {
  readonly otlp: readonly OtlpDestination[]
  readonly sample: number
  readonly propagate: boolean
  readonly resource: Readonly<Record<string, string>>
}
