import { withoutAttribution } from '../codecs/attribution.ts'
import { Report } from '../codecs/report.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { TokenCounter } from '../codecs/codec.ts'
import type { Target } from '../ir/target.ts'
import type { Provider } from '../providers/provider.types.ts'
import { discardBody } from '../transport/discard-body.ts'
import { limitedText } from '../transport/limited-text.ts'
import type { Tokenizer } from '../runtime/tokenizer.ts'
import { allowedAccounts } from './allowed-accounts.ts'
import { answerHeaders } from './answer-headers.ts'
import { countableText } from './countable-text.ts'
import type { Answer, Call } from './engine.ts'
import type { Decided, ExecutionDeps } from './execution-deps.ts'
import type { Limiter } from './limits/limiter.ts'
import { translatedBody } from './request-body.ts'
import { estimateInputTokens } from './token-estimate.ts'

export interface CountTokensDeps extends Pick<ExecutionDeps, 'clock' | 'accounts'> {
  readonly limiter?: Pick<Limiter, 'statusOf'> | undefined
  readonly tokenizer: Tokenizer
}

/**
 * The size of a prompt: asked from the first target's own endpoint where it has one, else, and for a caller whose budget is spent, counted
 * with a tokenizer, else estimated from sizes. Never 0, never an inference call. `x-switchback-estimated: true` marks everything but the
 * upstream's own count.
 */
export function createCountTokens(deps: CountTokensDeps): (call: Call, decided: Decided) => Promise<Answer> {
  return async (call, decided) => {
    const target = decided.plan.targets[0]
    const configured = target === undefined ? undefined : decided.revision.providers.get(target.provider)
    const provider = target === undefined ? undefined : (configured?.speaking?.(target.format) ?? configured)
    const native =
      target !== undefined && provider?.codec.tokenCounter !== undefined && !(await hasSpent(call, deps.limiter))
        ? await askUpstream(deps, call, provider, target)
        : undefined
    const tokens = native ?? (await countHere(deps, call))
    const headers = answerHeaders({
      requestId: call.requestId,
      snapshot: decided.snapshot,
      plan: decided.plan,
      served: native === undefined ? undefined : target?.id,
      overheadUs: 0,
      diagnostics: [],
    })
    if (native === undefined) headers.push(['x-switchback-estimated', 'true'])
    return { kind: 'whole', status: 200, headers, body: JSON.stringify(counterOf(call).answer(tokens)) }
  }
}

/** Whoever has spent a budget reaches no upstream, not even one that counts for nothing. */
async function hasSpent({ principal }: Call, limiter: CountTokensDeps['limiter']): Promise<boolean> {
  const standings = (await limiter?.statusOf(principal)) ?? []
  return standings.some(({ rule, used }) => rule.measure === 'usd' && used >= rule.limit)
}

async function countHere(deps: CountTokensDeps, call: Call): Promise<number> {
  const { text, extraTokens } = countableText(call.request)
  try {
    return Math.max(1, (await deps.tokenizer.count(text)) + extraTokens)
  } catch {
    return estimateInputTokens(call.request, call.body) // no tokenizer in time: sizes still give a usable figure
  }
}

/** The upstream's own count; undefined when it has none to give, whatever the reason. */
async function askUpstream(deps: CountTokensDeps, call: Call, provider: Provider, target: Target): Promise<number | undefined> {
  const account = allowedAccounts(deps.accounts, call.principal).candidates(provider.id, target.model)[0]
  if (account === undefined) return undefined
  const messages =
    provider.firstParty && target.format === 'anthropic'
      ? call.request.messages
      : withoutAttribution(call.request.messages, new Report())
  const encoded = provider.codec.encodeRequest(
    { ...call.request, messages },
    { model: target.model, quirks: provider.quirks, facts: {}, stream: false },
  ).value
  const counter = provider.codec.tokenCounter
  if (counter === undefined) return undefined
  const request = provider.buildRequest({
    operation: 'count-tokens',
    model: target.model,
    body: translatedBody(counter.body(encoded, target.model), call.body),
    account,
    stream: false,
    clientHeaders: call.headers,
    clientFormat: call.codec.format,
  })
  try {
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(COUNT_TIMEOUT_MS)])
    const authorized = await provider.credentialOf(account)?.authorize(request, signal)
    const response = await provider.send(authorized ?? request, signal)
    if (response.ok) return counter.read(JSON.parse(await limitedText(response, LONGEST_COUNT)))
    discardBody(response)
    return undefined
  } catch {
    return undefined // the count is made here instead
  }
}

function counterOf({ codec }: Call): TokenCounter {
  if (codec.tokenCounter === undefined)
    throw new GatewayError(
      'count_tokens_unsupported',
      `Clients of format ${codec.format} have no token counter. Use POST /v1/messages/count_tokens or /v1beta/models/{model}:countTokens.`,
    )
  return codec.tokenCounter
}

/** Agents ask for counts in bursts and wait for them; a local figure is better than a late one. */
const COUNT_TIMEOUT_MS = 10_000
const LONGEST_COUNT = 65_536
