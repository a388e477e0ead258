import type { CompiledConfig } from '../config/compile.ts'
import { sameData } from '../lib/same-data.ts'

/** Settings that hold from the start to the end of a process, by the names that the configuration gives them. */
const FIXED: readonly (readonly [key: string, valueOf: (config: CompiledConfig) => unknown])[] = [
  ['server.bind', ({ server }) => [server.host, server.port]],
  ['server.tls', ({ server }) => server.tls],
  ['server.workers', ({ server }) => server.workers],
  ['server.idempotency', ({ server }) => server.idempotency],
  ['state.store', ({ state }) => [state.store, state.shared?.postgres]],
  ['state.coordination', ({ state }) => state.shared?.redis],
  ['state.on_loss', ({ state }) => state.shared?.onLoss],
  ['ledger.enabled', ({ state }) => state.ledger.enabled],
  ['ledger.required', ({ state }) => state.ledger.required],
]

/** Keys that a running gateway cannot take over, where `next` differs from what it was started with. */
export const fixedKeys = (started: CompiledConfig, next: CompiledConfig): string[] =>
  FIXED.filter(([, valueOf]) => !sameData(valueOf(started), valueOf(next))).map(([key]) => key)

/**
 * Whether both mean the same, secrets and files included. Of routing the hash tells, which covers everything but secrets; those are in what
 * is compared.
 */
export const isSameConfig = (left: CompiledConfig, right: CompiledConfig): boolean =>
  left.routing.configHash === right.routing.configHash &&
  sameData(left.providers, right.providers) &&
  sameData(left.server, right.server) &&
  sameData(left.state, right.state) &&
  sameData(left.policyTests, right.policyTests) &&
  sameData(left.telemetry, right.telemetry) &&
  sameData(left.alerts, right.alerts) &&
  sameData(left.capture, right.capture) &&
  sameData(left.vault, right.vault)
