import { codecs } from '../codecs/registry.ts'
import { questionOf } from '../engine/decide-call.ts'
import { FEATURES, type Feature } from '../ir/feature.ts'
import type { RequestHints } from '../ir/hints.ts'
import { asAccountId, asApiKeyId, asTenantId, type TargetId } from '../ir/ids.ts'
import type { TargetObservation } from '../ir/observed.ts'
import type { Principal } from '../ir/principal.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import { clientFamily } from '../routing/client-family.ts'
import { NOTHING_OBSERVED } from '../routing/candidate.ts'
import { NEED_FEATURES, type PolicyObservation, type PolicyRequest } from './policy.schema.ts'
import { guessFormat, previewBody } from './preview-route.ts'

const NANOS = 1_000_000_000
/** Prompt of a test that says nothing of its size, in tokens. */
const SMALL_PROMPT = 100

/** What a test's request asks of routing. What it says in words of its own goes before its body. Throws `invalid_body`. */
export function policyQuestion(request: PolicyRequest): DecisionQuestion {
  const base = request.body === undefined ? described(request) : ofBody(request)
  const extra = extraFeatures(request)
  const { tokens, max_output_tokens: maxOutputTokens, client, metadata, session, origin } = request
  return {
    ...base,
    ...(tokens === undefined ? {} : { estimatedInputTokens: tokens }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(client === undefined ? {} : { client }),
    ...(request.features?.includes('streaming') === true ? { stream: true } : {}),
    ...(request.features?.includes('parallel_tools') === true ? { parallelTools: true } : {}),
    features: () => new Set([...base.features(), ...extra]),
    metadata: (name) => own(metadata, name) ?? base.metadata?.(name),
    session:
      session === undefined
        ? undefined
        : {
            target: session.target as TargetId,
            account: session.account === undefined ? undefined : asAccountId(session.account),
          },
    ...(origin === undefined
      ? {}
      : { origin: { kind: 'known', target: origin.target as TargetId, account: asAccountId(origin.account) } }),
  }
}

function described(request: PolicyRequest): DecisionQuestion {
  const headers = headersOf(request)
  return {
    model: request.model ?? '',
    clientFormat: request.format ?? 'openai',
    stream: request.stream === true,
    estimatedInputTokens: SMALL_PROMPT,
    maxOutputTokens: undefined,
    features: () => new Set(),
    hints: hintsOf(request),
    principal: principalOf(request),
    client: clientFamily(headers.get('user-agent')),
    header: (name) => headers.get(name) ?? undefined,
  }
}

function ofBody(request: PolicyRequest): DecisionQuestion {
  const { model, stream } = request
  const body = previewBody({ body: request.body, model, stream })
  const codec = codecs[request.format ?? guessFormat(body)]
  const { value } = codec.decodeRequest(body)
  const bytes = Buffer.from(JSON.stringify(body))
  const call = { codec, request: value, principal: principalOf(request), body: { bytes, blobs: new Map() } }
  return questionOf({ ...call, hints: hintsOf(request), headers: headersOf(request) })
}

function extraFeatures({ tools, features }: PolicyRequest): Feature[] {
  const named = tools === true ? ['tools', ...(features ?? [])] : (features ?? [])
  return named.flatMap((name) => {
    if (name === 'streaming' || name === 'parallel_tools') return []
    return isNeed(name) ? [NEED_FEATURES[name]] : FEATURES.filter((feature) => feature === name)
  })
}

const isNeed = (name: string): name is keyof typeof NEED_FEATURES => Object.hasOwn(NEED_FEATURES, name)

const headersOf = ({ headers }: PolicyRequest): Headers => {
  const list = new Headers()
  for (const [name, value] of Object.entries(headers ?? {})) list.set(name, value)
  return list
}

function principalOf({ principal }: PolicyRequest): Principal {
  if (principal === undefined) return { role: 'admin' }
  const { role, key, tenant, project, allowed } = principal
  return {
    role,
    keyId: key === undefined ? undefined : asApiKeyId(key),
    tenant: tenant === undefined ? undefined : asTenantId(tenant),
    project,
    allowed,
  }
}

function hintsOf({ hints }: PolicyRequest): RequestHints | undefined {
  if (hints === undefined) return undefined
  const { models, max_price: price, latency, no_fallback: noFallback, deadline_ms: deadlineMs, strategy } = hints
  const given = {
    models,
    maxPricePerMillion: price === undefined ? undefined : Math.round(price * NANOS),
    latency,
    noFallback,
    deadlineMs,
    strategy,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** What a test says of a target, with the rest as of a target that is well. */
export function policyObservation(given: PolicyObservation): TargetObservation {
  const total = given.accounts_total ?? Math.max(NOTHING_OBSERVED.accountsTotal, given.accounts_available ?? 0)
  const judged = given.demoted !== undefined || given.success_rate !== undefined || given.samples !== undefined
  const successRate = given.success_rate ?? (given.demoted === undefined ? 1 : 0.5)
  return {
    accountsTotal: total,
    accountsAvailable: given.accounts_available ?? total,
    circuit: given.circuit ?? NOTHING_OBSERVED.circuit,
    inFlight: given.in_flight ?? 0,
    recoveryMs: given.recovery_ms,
    maxConcurrency: given.max_concurrency,
    ttftMs: given.ttft_ms,
    totalMs: given.total_ms,
    ...(judged
      ? {
          outcome: {
            health: successRate,
            samples: given.samples ?? 20,
            successRate,
            truncationRate: 0,
            demoted: given.demoted,
          },
        }
      : {}),
    ...(given.disabled === undefined ? {} : { disabled: { scope: given.disabled } }),
  }
}

const own = (values: Readonly<Record<string, string>> | undefined, name: string): string | undefined =>
  values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined
