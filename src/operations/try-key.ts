import { readErrorBody } from '../engine/whole-answer.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { ErrorCategory } from '../errors/codes.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { Clock } from '../lib/clock.ts'
import { within } from '../lib/within.ts'
import type { Provider } from '../providers/provider.types.ts'
import type { Codec } from '../codecs/codec.ts'
import type { OwnCalls } from '../engine/ledger/own-calls.ts'
import { targetIdOf } from '../ir/ids.ts'
import type { Usage } from '../ir/usage.ts'

/** What trying a key takes. */
export interface KeyTrialParts {
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  readonly ownCalls: Pick<OwnCalls, 'refusal' | 'ended'>
}

const TIMEOUT_MS = 30_000
/** The fewest that every vendor takes. */
const FEWEST_TOKENS = 16

/** Refusals that only somebody with a good key gets. */
const LET_IN: ReadonlySet<ErrorCategory> = new Set(['rate-limited', 'invalid-request', 'content-filtered'])

/**
 * Asks a model for a word with the first account of a provider, within its budgets; the call is in the ledger. Undefined when the upstream lets the account in; else why it does not, or why
 * nobody knows.
 */
export async function tryKey(
  provider: Provider,
  model: string,
  { clock, ownCalls }: KeyTrialParts,
): Promise<GatewayError | undefined> {
  const controller = new AbortController()
  const late = (): never => {
    controller.abort()
    throw new GatewayError('upstream_timeout', `Provider ${provider.id} did not answer within ${TIMEOUT_MS / 1000} s.`)
  }
  try {
    const failure = await within(asked(provider, model, { clock, ownCalls, signal: controller.signal }), {
      clock,
      ms: TIMEOUT_MS,
      late,
    })
    return failure === undefined || LET_IN.has(failure.row.category) ? undefined : failure
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
}

async function asked(
  provider: Provider,
  model: string,
  { clock, ownCalls, signal }: KeyTrialParts & { readonly signal: AbortSignal },
): Promise<GatewayError | undefined> {
  const [account] = provider.settings.accounts
  if (account === undefined) throw new GatewayError('internal', `Provider ${provider.id} has no account to try.`)
  const { format } = provider.settings
  const place = { target: { id: targetIdOf(provider.id, model), provider: provider.id, model, format }, account }
  const refusal = await ownCalls.refusal(place)
  if (refusal !== undefined) return refusal
  const question: LlmRequest = {
    model,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Say OK.' }] }],
    sampling: {},
    stream: false,
    maxOutputTokens: FEWEST_TOKENS,
  }
  const { codec, quirks } = provider
  const { value } = codec.encodeRequest(question, { model, quirks, facts: {}, stream: false })
  const request = provider.buildRequest({
    operation: 'generate',
    model,
    body: JSON.stringify(value),
    account,
    stream: false,
    clientHeaders: new Headers(),
    clientFormat: codec.format,
  })
  const begun = clock.now()
  let status: number | undefined
  let usage: Usage | undefined
  try {
    const response = await provider.send(request, signal)
    status = response.status
    if (!response.ok) return provider.classify(status, await readErrorBody(response, codec), response.headers)
    usage = usageIn(await response.text(), codec)
    return undefined
  } finally {
    ownCalls.ended({ place, format, latencyMs: clock.now() - begun, status, usage })
  }
}

/** Undefined when the answer tells none. */
function usageIn(text: string, codec: Codec): Usage | undefined {
  try {
    return codec.inspectResponse(JSON.parse(text)).usage
  } catch {
    return undefined // the key was let in, whatever the answer was
  }
}
