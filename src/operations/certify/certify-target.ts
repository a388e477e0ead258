import type { ModelFacts } from '../../codecs/codec.ts'
import type { Capabilities } from '../../ir/snapshot.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Upstream } from '../provider/open-upstream.ts'
import type { Certification } from '../../state/certifications/certification.ts'
import { LIVENESS_PROBES, PROBES } from './probes/index.ts'
import type { Probe, ProbeResult } from './probe.types.ts'
import { runProbes, type RunProbesOptions } from './run-probes.ts'

export type CertificationMode = Certification['mode']

export interface CertifyOptions extends Pick<RunProbesOptions, 'progress' | 'called' | 'signal'> {
  readonly upstream: Upstream
  readonly model: string
  readonly mode: CertificationMode
  readonly capabilities: Capabilities
  readonly facts: ModelFacts
  readonly clock: Pick<Clock, 'now' | 'sleep' | 'wall'>
  /** Of this program. */
  readonly version: string
  /** `ProviderFacts.endpoint` of the upstream. */
  readonly endpoint?: string | undefined
}

/** What a mode asks. */
export const probesOf = (mode: CertificationMode): readonly Probe[] => (mode === 'full' ? PROBES : LIVENESS_PROBES)

/**
 * Of a target of which nobody has said whether it can do something, the first probe of that tells. When it fails, the target cannot, and
 * what else was asked about it is no failure.
 */
function withoutLacking(results: readonly ProbeResult[], probes: readonly Probe[], capabilities: Capabilities): ProbeResult[] {
  const verdicts = new Map(results.map(({ id, verdict }) => [id, verdict]))
  const wantOf = new Map(probes.map(({ id, wants }) => [id, wants]))
  return results.map((result) => {
    const wants = wantOf.get(result.id)
    if (wants === undefined || capabilities[wants] !== undefined || result.verdict !== 'failed') return result
    const first = probes.find((probe) => probe.wants === wants)
    return first !== undefined && verdicts.get(first.id) === 'passed' ? result : { ...result, verdict: 'unsupported' }
  })
}

/**
 * Asks a target what the mode asks. It is certified when nothing failed; what it is known not to be able to do, or says that it cannot, is no
 * failure, and stands in the results for whoever needs it.
 */
export async function certifyTarget(options: CertifyOptions): Promise<Certification> {
  const { mode, upstream, model, clock, version, endpoint } = options
  const at = new Date(clock.wall()).toISOString()
  const probes = probesOf(mode)
  const results = withoutLacking(await runProbes(probes, options), probes, options.capabilities)
  return {
    schema: 'switchback.certification/v1',
    target: `${upstream.provider.id}/${model}`,
    at,
    version,
    ...(endpoint === undefined ? {} : { endpoint }),
    mode,
    status: results.some(({ verdict }) => verdict === 'failed') ? 'failed' : 'certified',
    results,
  }
}
