import { GatewayError } from '../errors/gateway-error.ts'
import type { CandidateEvidence } from '../ir/decision-evidence.ts'
import type { DecisionInputs, EndpointInputs, RouteDecision } from '../ir/decision.ts'
import type { Offer } from '../ir/endpoint.ts'
import type { Feature } from '../ir/feature.ts'
import type { RequestHints } from '../ir/hints.ts'
import { asAccountId, asApiKeyId, asProviderId, asTenantId, type TargetId } from '../ir/ids.ts'
import type { ObservedState, TargetObservation } from '../ir/observed.ts'
import type { Principal, PrincipalRole } from '../ir/principal.ts'
import type { AnswerOrigin, DecisionQuestion, EndpointNeed } from '../ir/question.ts'
import type { FactsOf, RoutingSnapshot, TargetFacts } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import { WIRE_FORMATS } from '../ir/wire-format.ts'
import { camelKeys } from '../lib/key-case.ts'
import { NOTHING_KNOWN, NOTHING_OBSERVED } from './candidate.ts'
import { decide } from './decide.ts'
import { explainDecision } from './explain-decision.ts'
import { withFoundFormats, type FoundFormat } from './found-formats.ts'
import { recordedFacts } from './recorded-facts.ts'
import { resolveRoute } from './resolve-route.ts'

/** What came of making a decision again. */
export type Recomputed =
  | { readonly verdict: 'identical' }
  /** `fields` are members of the decision; `decision` is undefined when the request would now be refused, with `refusal` as the code. */
  | {
      readonly verdict: 'different'
      readonly fields: readonly string[]
      readonly decision?: RouteDecision | undefined
      readonly refusal?: string | undefined
    }
  /** Something was needed that the record does not hold; `decision` takes it for unknown. */
  | { readonly verdict: 'undetermined'; readonly inputs: readonly string[]; readonly decision?: RouteDecision | undefined }

export interface RecomputeOptions {
  /** Facts of targets that were no candidates then; without it they are undetermined. */
  readonly factsOf?: FactsOf | undefined
}

/** Makes a recorded decision again, from the record and a snapshot alone, and compares. Pure. */
export function recomputeDecision(
  decision: RouteDecision,
  snapshot: RoutingSnapshot,
  options: RecomputeOptions = {},
): Recomputed {
  // Nothing was decided: the call was answered with what it had been answered with before.
  if (decision.strategy === REPLAYED) return { verdict: 'identical' }
  const question = questionOf(decision)
  if (question === undefined) return { verdict: 'undetermined', inputs: ['request'] }
  const record = new Recorded(decision, options)
  try {
    const found = resolveRoute(snapshot, question, (condition, asked) =>
      condition.isPrivate ? record.condition(condition.key) : condition.holds(asked),
    )
    const resolved = withFoundFormats(found, snapshot, record.formatOf)
    const plan = decide(snapshot, resolved, question, {
      observed: { of: record.observationOf, cursor: () => decision.cursor ?? 0 },
      factsOf: record.factsOf,
      seed: decision.seed ?? 0,
    })
    return compare(decision, explainDecision(decision.request_id, plan, question), record.missing)
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code === 'internal') throw error
    if (record.missing.size > 0) return { verdict: 'undetermined', inputs: [...record.missing] }
    return decision.strategy === DENIED
      ? { verdict: 'identical' }
      : { verdict: 'different', fields: ['selected'], refusal: error.code }
  }
}

const DENIED = 'denied'
const REPLAYED = 'replayed'

/** What a record kept of the world, and what was asked of it in vain. */
class Recorded {
  readonly missing = new Set<string>()
  private readonly candidates: ReadonlyMap<string, CandidateEvidence>
  private readonly conditions: Readonly<Record<string, boolean>>
  private readonly otherFacts: FactsOf | undefined

  constructor({ candidates, conditions }: RouteDecision, { factsOf }: RecomputeOptions) {
    this.candidates = new Map((candidates ?? []).map((candidate) => [candidate.target_id, candidate]))
    this.conditions = conditions ?? {}
    this.otherFacts = factsOf
  }

  condition(key: string): boolean {
    if (Object.hasOwn(this.conditions, key)) return this.conditions[key] === true
    this.missing.add(`condition ${key}`)
    return false
  }

  readonly formatOf: FoundFormat = (target) => {
    const kept = this.candidates.get(target.id)?.format
    return WIRE_FORMATS.find((format) => format === kept) ?? target.format
  }

  readonly factsOf: FactsOf = (target: Target): TargetFacts => {
    const kept = this.candidates.get(target.id)
    if (kept !== undefined) return recordedFacts(kept.facts)
    if (this.otherFacts !== undefined) return this.otherFacts(target)
    this.missing.add(`facts of ${target.id}`)
    return NOTHING_KNOWN
  }

  readonly observationOf: ObservedState['of'] = (target: Target): TargetObservation => {
    const kept = this.candidates.get(target.id)
    if (kept !== undefined) return camelKeys(kept.observed) as TargetObservation
    this.missing.add(`observed state of ${target.id}`)
    return NOTHING_OBSERVED
  }
}

/** The question of a decision; undefined when the request was never read. */
function questionOf({ inputs }: RouteDecision): DecisionQuestion | undefined {
  const clientFormat = WIRE_FORMATS.find((format) => format === inputs.client_format)
  if (clientFormat === undefined || inputs.model === '') return undefined
  const features = new Set(inputs.features as readonly Feature[])
  const { housekeeping, session, origin, endpoint } = inputs
  const harmless = new Set((housekeeping ?? []) as readonly Feature[])
  return {
    model: inputs.model,
    clientFormat,
    stream: inputs.stream,
    estimatedInputTokens: inputs.estimated_input_tokens,
    maxOutputTokens: inputs.max_output_tokens,
    features: () => features,
    ...(housekeeping === undefined ? {} : { housekeeping: () => harmless }),
    parallelTools: inputs.parallel_tools,
    client: inputs.client,
    hints: inputs.hints === undefined ? undefined : (camelKeys(inputs.hints) as RequestHints),
    principal: principalOf(inputs.principal),
    session:
      session === undefined
        ? undefined
        : {
            target: session.target_id as TargetId,
            account: session.account_id === undefined ? undefined : asAccountId(session.account_id),
            cachedTokens: session.cached_tokens,
          },
    origin: origin === undefined ? undefined : originOf(origin),
    endpoint: endpoint === undefined ? undefined : endpointOf(endpoint),
  }
}

const endpointOf = ({ offers, provider }: EndpointInputs): EndpointNeed => ({
  offers: offers as readonly Offer[],
  provider: provider === undefined ? undefined : asProviderId(provider),
})

const originOf = ({ target_id: target, account_id: account }: NonNullable<DecisionInputs['origin']>): AnswerOrigin =>
  target === undefined || account === undefined
    ? { kind: 'unknown' }
    : { kind: 'known', target: target as TargetId, account: asAccountId(account) }

function principalOf(inputs: RouteDecision['inputs']['principal']): Principal | undefined {
  if (inputs === undefined) return undefined
  const { role, key_id: keyId, tenant, project, owner, allowed } = inputs
  return {
    role: role as PrincipalRole,
    keyId: keyId === undefined ? undefined : asApiKeyId(keyId),
    tenant: tenant === undefined ? undefined : asTenantId(tenant),
    project,
    owner,
    allowed,
  }
}

function compare(then: RouteDecision, now: RouteDecision, missing: ReadonlySet<string>): Recomputed {
  if (missing.size > 0) return { verdict: 'undetermined', inputs: [...missing], decision: now }
  const fields = [...new Set([...Object.keys(then), ...Object.keys(now)])].filter(
    (field) => canonical(Reflect.get(then, field)) !== canonical(Reflect.get(now, field)),
  )
  return fields.length === 0 ? { verdict: 'identical' } : { verdict: 'different', fields, decision: now }
}

/** JSON text that is the same for the same data: members in order, undefined ones left out. */
function canonical(value: unknown): string {
  if (value === undefined) return ''
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  )
}
