import { Secret } from '../lib/secret.ts'
import type { OtlpDestination, TelemetryConfig, TelemetrySettings } from '../observability/telemetry.schema.ts'
import type { EgressTable } from './compile-egress.ts'
import type { CompileContext, ConfigParts } from './compile-context.ts'
import type { ConfigNotes } from './problem.ts'
import { resolveKey } from './resolve-key.ts'

/** `telemetry`, with credentials resolved. A destination whose password is not there is left out, with a warning. */
export function compileTelemetry(
  { telemetry }: ConfigParts,
  ways: EgressTable,
  context: CompileContext,
  notes: ConfigNotes,
): TelemetrySettings {
  const { otlp, sample, propagate, resource } = telemetry
  return {
    otlp: otlp.flatMap((destination, index) => {
      const egress = ways.pathToService(destination.endpoint, false)
      return compileDestination(destination, index, context, notes).map((compiled) => ({ ...compiled, egress }))
    }),
    sample,
    propagate,
    resource,
  }
}

function compileDestination(
  destination: TelemetryConfig['otlp'][number],
  index: number,
  context: CompileContext,
  notes: ConfigNotes,
): Omit<OtlpDestination, 'egress'>[] {
  const { username, password, headers } = destination
  const path = ['telemetry', 'otlp', index]
  const compiled = {
    endpoint: destination.endpoint.replace(/\/+$/, ''),
    traces: destination.traces,
    metrics: destination.metrics,
    timeoutMs: destination.timeout_ms,
    metricsIntervalMs: destination.metrics_interval_ms,
    maxQueued: destination.max_queued,
  }
  if (username === undefined && password === undefined) return [{ ...compiled, headers }]
  if (username === undefined || password === undefined) {
    notes.problem(path, '`username` and `password` belong together. Write both, or leave both out.')
    return []
  }
  const key = resolveKey({ written: password }, context.env, [...path, 'password'], notes)
  if (key.kind === 'key') {
    const pair = Buffer.from(`${username}:${key.secret.reveal()}`).toString('base64')
    return [{ ...compiled, headers: { ...headers, authorization: new Secret(`Basic ${pair}`) } }]
  }
  if (key.kind === 'missing')
    notes.warning(
      [...path, 'password'],
      `Nothing is exported to this destination, because ${key.variables.join(', ')} is not set. Set it, or remove the entry.`,
    )
  if (key.kind === 'none') notes.problem([...path, 'password'], 'The password is empty. Write a `${NAME}` reference.')
  return []
}
