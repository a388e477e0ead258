import { withoutAttribution } from '../codecs/attribution.ts'
import { Report } from '../codecs/report.ts'
import { isObject } from '../ir/json.ts'
import type { Target } from '../ir/target.ts'
import type { Provider } from '../providers/provider.types.ts'
import type { Tokenizer } from '../runtime/tokenizer.ts'
import { answerHeaders } from './answer-headers.ts'
import { countableText } from './countable-text.ts'
import type { Answer, Call } from './engine.ts'
import type { Decided, ExecutionDeps } from './execution.ts'
import { estimateInputTokens } from './token-estimate.ts'

export interface CountTokensDeps extends Pick<ExecutionDeps, 'clock' | 'providers' | 'accounts'> {
  readonly tokenizer: Tokenizer
}

/** What Anthropic's endpoint takes; everything else of a Messages body is refused there. */
const COUNTED_FIELDS = ['model', 'messages', 'system', 'tools', 'tool_choice', 'thinking', 'mcp_servers', 'context_management', 'output_config', 'cache_control'] as const

/**
 * `{input_tokens}`: asked from the first target's own endpoint where it speaks Messages, else counted with a tokenizer, else estimated
 * from sizes. Never 0, never an inference call. `x-switchback-estimated: true` marks everything but the upstream's own count.
 */
export function createCountTokens(deps: CountTokensDeps): (call: Call, decided: Decided) => Promise<Answer> {
  return async (call, decided) => {
    const target = decided.plan.targets[0]
    const provider = target === undefined ? undefined : deps.providers.get(target.provider)
    const native = target !== undefined && provider?.codec.format === 'anthropic' ? await askUpstream(deps, call, provider, target) : undefined
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
    return { kind: 'whole', status: 200, headers, body: JSON.stringify({ input_tokens: tokens }) }
  }
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
  const account = deps.accounts.candidates(provider.id, target.model)[0]
  if (account === undefined) return undefined
  const messages = provider.firstParty ? call.request.messages : withoutAttribution(call.request.messages, new Report())
  const encoded = provider.codec.encodeRequest({ ...call.request, messages }, { model: target.model, quirks: provider.quirks, facts: {}, stream: false }).value
  const body = Object.fromEntries(COUNTED_FIELDS.filter((field) => encoded[field] !== undefined).map((field) => [field, encoded[field]]))
  const request = provider.buildRequest({
    operation: 'count-tokens',
    model: target.model,
    body: JSON.stringify(body),
    account,
    stream: false,
    clientHeaders: call.headers,
    clientFormat: call.codec.format,
  })
  try {
    const response = await provider.send(request, AbortSignal.any([call.signal, AbortSignal.timeout(COUNT_TIMEOUT_MS)]))
    const answer: unknown = response.ok ? await response.json() : (await response.body?.cancel(), undefined)
    return isObject(answer) && typeof answer['input_tokens'] === 'number' ? answer['input_tokens'] : undefined
  } catch {
    return undefined // the count is made here instead
  }
}

/** Agents ask for counts in bursts and wait for them; a local figure is better than a late one. */
const COUNT_TIMEOUT_MS = 10_000
