import type { ModelFacts } from '../../codecs/codec.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { Capabilities } from '../../ir/snapshot.ts'
import type { Clock } from '../../lib/clock.ts'
import { countTokens } from '../provider/count-tokens.ts'
import { listModels } from '../provider/list-models.ts'
import type { Upstream } from '../provider/open-upstream.ts'
import { probeCall, type ProbeSeen } from './probe-call.ts'
import type { CallProbe, ComparingProbe, EndpointProbe, Probe, ProbeRequest, ProbeResult } from './probe.types.ts'

export interface RunProbesOptions {
  readonly upstream: Upstream
  readonly model: string
  /** What the operator or the catalogue says that the target can do; undefined is unknown. */
  readonly capabilities: Capabilities
  readonly facts: ModelFacts
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  /** Told before each probe, with how many there have been. */
  readonly progress?: ((done: number, probe: Probe) => void) | undefined
  /** Told of each call to the model, for the ledger. */
  readonly called?: ((seen: ProbeSeen, streamed: boolean) => void) | undefined
  /** Ends the call under way and makes no other; what is asked of then rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** Most tokens of an answer, where a probe does not say. */
export const USUAL_TOKENS = 512
/** Longest wait for one answer. */
const CALL_MS = 120_000
const MOST_WAITS = 3
const LONGEST_WAIT_MS = 30_000
const NO_MODEL = 'switchback-no-such-model'

/**
 * Asks a target everything, one after the other, so that its limits are kept; a limit that is met all the same is waited for. When the first
 * call finds that the target cannot be called at all, the others are not made.
 */
export async function runProbes(probes: readonly Probe[], options: RunProbesOptions): Promise<ProbeResult[]> {
  const results: ProbeResult[] = []
  let dead: ProbeResult | undefined
  for (const [index, probe] of probes.entries()) {
    options.signal?.throwIfAborted()
    options.progress?.(index, probe)
    if (dead !== undefined) {
      results.push({ id: probe.id, verdict: 'skipped', reason: 'The target cannot be called at all.' })
      continue
    }
    const result = await new ProbeRun(options).run(probe)
    results.push(result)
    if (result.verdict === 'failed' && isFatal(result)) dead = result
  }
  return results
}

/** Nothing that is asked next could be answered. */
const isFatal = ({ id, error_code: code }: ProbeResult): boolean =>
  !id.startsWith('errors.') &&
  (code === 'upstream_authentication' ||
    code === 'upstream_payment_required' ||
    code === 'upstream_connect_failed' ||
    code === 'credential_rejected' ||
    (code === 'upstream_model_not_found' && id.startsWith('text.')))

/** What is wrong, nothing, or why there is nothing to be found wrong. */
type Finding = string | undefined | { readonly verdict: 'skipped' | 'unsupported'; readonly reason: string }

const notAsked = (reason: string): Finding => ({ verdict: 'skipped', reason })

class ProbeRun {
  private readonly options: RunProbesOptions
  private failure: GatewayError | undefined = undefined

  constructor(options: RunProbesOptions) {
    this.options = options
  }

  async run(probe: Probe): Promise<ProbeResult> {
    const { id, wants } = probe
    const can = wants === undefined ? true : this.options.capabilities[wants]
    if (can === false) return { id, verdict: 'skipped', reason: 'The target is known not to be able to do this.' }
    const reason = await this.reasonOf(probe)
    if (reason === undefined) return { id, verdict: 'passed' }
    if (typeof reason !== 'string') return { id, ...reason }
    const code = this.failure?.code
    return { id, verdict: 'failed', reason, ...(code === undefined ? {} : { error_code: code }) }
  }

  private async reasonOf(probe: Probe): Promise<Finding> {
    try {
      if (probe.kind === 'call') return await this.asked(probe)
      if (probe.kind === 'comparing') return await this.compared(probe)
      return await this.endpoint(probe)
    } catch (error) {
      if (!(error instanceof GatewayError) || this.options.signal?.aborted === true) throw error
      this.failure = error
      const isMissing = probe.kind !== 'call' && probe.kind !== 'comparing' && NO_ENDPOINT.has(error.upstream?.status ?? 0)
      return isMissing ? { verdict: 'unsupported', reason: 'The server has no such endpoint.' } : reasonOfError(error)
    }
  }

  private async asked(probe: CallProbe): Promise<Finding> {
    const { stream, request, expects, next, spoil, leaves, unknownModel } = probe
    if (spoil === 'key' && this.options.upstream.account.apiKey === undefined) return notAsked('The account has no fixed key.')
    const model = unknownModel === true ? NO_MODEL : this.options.model
    let seen = await this.call({ stream, request, model, spoil, leaves })
    if (next !== undefined) {
      if (seen.error !== undefined) return reasonOfError(seen.error)
      const following = next(seen.response)
      if (following === undefined) return 'The first answer has nothing to go on from.'
      seen = await this.call({ stream, request: following, model })
    }
    for (const expectation of expects) {
      const reason = expectation(seen)
      if (reason !== undefined) return told(reason, [seen])
    }
    return undefined
  }

  private async compared({ calls, atOnce, expects }: ComparingProbe): Promise<Finding> {
    const { model } = this.options
    const seen: ProbeSeen[] = []
    if (atOnce === true) seen.push(...(await Promise.all(calls.map((call) => this.call({ ...call, model })))))
    else for (const call of calls) seen.push(await this.call({ ...call, model }))
    const reason = expects(seen)
    return reason === undefined ? undefined : told(reason, seen)
  }

  private async endpoint({ kind, texts = [] }: EndpointProbe): Promise<Finding> {
    const { upstream, model } = this.options
    if (kind === 'models') {
      const models = await listModels(upstream, this.inTime())
      if (models === undefined) return notAsked('Its format has no list of models.')
      return models.ids.length > 0 ? undefined : 'The list of models is empty.'
    }
    const counts: number[] = []
    for (const text of texts) {
      const count = await countTokens(upstream, { model, text, signal: this.inTime() })
      if (count === undefined) return notAsked('Its format has no counter of tokens.')
      counts.push(count)
    }
    return counts.every((count, index) => count > (counts[index - 1] ?? 0))
      ? undefined
      : 'A longer text does not count more tokens.'
  }

  /** A call, and again after a wait when the target is busy or over a limit. */
  private async call(wanted: WantedCall): Promise<ProbeSeen> {
    const { upstream, facts, clock, called, signal } = this.options
    for (let waits = 0; ; waits++) {
      const seen = await probeCall({
        upstream,
        request: requestOf(wanted),
        facts,
        clock,
        signal: this.inTime(),
        spoil: wanted.spoil,
        leaves: wanted.leaves,
      })
      called?.(seen, wanted.stream)
      signal?.throwIfAborted()
      this.failure = seen.error
      if (seen.error === undefined || !PASSING.has(seen.error.code) || waits === MOST_WAITS) return seen
      await clock.sleep(Math.min(seen.error.retryAfterMs ?? 2_000 * 2 ** waits, LONGEST_WAIT_MS), signal)
    }
  }

  /** Aborted when one call has taken too long, or nothing more is wanted. */
  private inTime(): AbortSignal {
    const { signal } = this.options
    const limit = AbortSignal.timeout(CALL_MS)
    return signal === undefined ? limit : AbortSignal.any([signal, limit])
  }
}

/** Of endpoints that many servers leave out. */
const NO_ENDPOINT: ReadonlySet<number> = new Set([404, 405, 501])
const PASSING: ReadonlySet<string> = new Set(['upstream_rate_limited', 'upstream_overloaded'])

interface WantedCall {
  readonly model: string
  readonly stream: boolean
  readonly request: ProbeRequest
  readonly spoil?: CallProbe['spoil']
  readonly leaves?: true | undefined
}

const requestOf = ({ model, stream, request }: WantedCall): LlmRequest => ({
  sampling: {},
  maxOutputTokens: USUAL_TOKENS,
  ...request,
  model,
  stream,
})

/** A reason in words of our own, where it is the message of a failure. */
function told(reason: string, seen: readonly ProbeSeen[]): string {
  const error = seen.find((one) => one.error?.message === reason)?.error
  return error === undefined ? reason : reasonOfError(error)
}

/** Words of the upstream may repeat the prompt, and stay out of what is kept. */
const reasonOfError = ({ code, upstream }: GatewayError): string =>
  upstream?.status === undefined ? `The call fails: ${code}.` : `It is refused with status ${upstream.status} (${code}).`
