import type { Target } from '../../ir/target.ts'
import type { Usage } from '../../ir/usage.ts'
import type { Clock } from '../../lib/clock.ts'
import { probeBody, readProbe, type ProbedFormat, type ProbeVerdict } from '../../providers/format-probe.ts'
import type { AccountSettings } from '../../providers/provider.settings.schema.ts'
import type { Provider } from '../../providers/provider.types.ts'
import { limitedText } from '../../transport/limited-text.ts'
import type { OwnCalls } from '../ledger/own-calls.ts'

/** Longest wait for the answer to a probe. */
export const PROBE_MS = 3_000
const LONGEST_ANSWER = 65_536

export interface ProbeOptions {
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  readonly ownCalls: Pick<OwnCalls, 'refusal' | 'ended'>
}

/** Calls an upstream once in one format and says whether it speaks it. What it cost is in the ledger. Never rejects. */
export async function probeUpstream(
  format: ProbedFormat,
  { provider, target, account }: { readonly provider: Provider; readonly target: Target; readonly account: AccountSettings },
  options: ProbeOptions,
): Promise<ProbeVerdict> {
  const { clock, ownCalls } = options
  const startedAt = clock.now()
  const over = new AbortController()
  const late = new AbortController()
  const timer = clock.sleep(PROBE_MS, over.signal).then(
    () => late.abort(),
    () => undefined, // it has answered
  )
  let status: number | undefined
  let text = ''
  let verdict: ProbeVerdict = 'untold'
  try {
    const request = provider.buildRequest({
      operation: 'generate',
      model: target.model,
      body: JSON.stringify(probeBody(format, target.model)),
      account,
      stream: false,
      clientHeaders: new Headers(),
      clientFormat: format,
    })
    const authorized = (await provider.credentialOf(account)?.authorize(request, late.signal)) ?? request
    const response = await provider.send(authorized, late.signal)
    status = response.status
    text = await limitedText(response, LONGEST_ANSWER)
    verdict = readProbe(format, status, text)
  } catch {
    // Chat is the universal format: a server that is only slow, such as one that loads the model, is taken to speak it.
    if (late.signal.aborted && format === 'openai') verdict = 'speaks'
  } finally {
    over.abort()
    await timer
  }
  const latencyMs = clock.now() - startedAt
  ownCalls.ended({ place: { target, account }, format, latencyMs, status, usage: usageOf(provider, status, text) })
  return verdict
}

function usageOf({ codec }: Provider, status: number | undefined, text: string): Usage | undefined {
  if (status === undefined || status >= 300) return undefined
  try {
    return codec.inspectResponse(JSON.parse(text)).usage
  } catch {
    return undefined // whatever it was, it told no usage
  }
}
