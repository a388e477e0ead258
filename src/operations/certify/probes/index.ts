import type { Probe } from '../probe.types.ts'
import { COUNTING_PROBES } from './counting.ts'
import { ERROR_PROBES } from './errors.ts'
import { MEDIA_PROBES } from './media.ts'
import { REASONING_PROBES } from './reasoning.ts'
import { SCHEMA_PROBES } from './structured.ts'
import { STREAM_PROBES } from './stream.ts'
import { TEXT_PROBES } from './text.ts'
import { TOOL_PROBES } from './tools.ts'

/** Everything that `certify --full` asks, in its order: what shows whether a target is alive comes first. */
export const PROBES: readonly Probe[] = [
  ...COUNTING_PROBES,
  ...TEXT_PROBES,
  ...STREAM_PROBES,
  ...TOOL_PROBES,
  ...SCHEMA_PROBES,
  ...MEDIA_PROBES,
  ...REASONING_PROBES,
  ...ERROR_PROBES,
]

/** The few that show whether a target is alive. */
export const LIVENESS_PROBES: readonly Probe[] = PROBES.filter(({ liveness }) => liveness === true)
