import { predictLosses } from '../catalog/predict-loss.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Rejection, RoutePlan } from '../ir/decision.ts'
import { asProviderId, targetIdOf } from '../ir/ids.ts'
import type { Route, RoutingSnapshot } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import { nearestNames } from './nearest-models.ts'
import type { DecisionQuestion } from './decision-question.ts'
import { capabilityRejection } from './filters.ts'

/** Where a model name leads, before any filter. */
export interface ResolvedRoute {
  readonly route: Route
  /** Name shown in decisions: the route's own, `direct`, or `default:<provider>`. */
  readonly name: string
  readonly unverified: boolean
}

/**
 * Finds the route of a model name: exact route or alias, `provider/model` direct, the `*` route, the vendor whose names begin like
 * this one, the default provider.
 * Throws `model_not_found` naming the nearest models.
 */
export function resolveRoute(snapshot: RoutingSnapshot, model: string): ResolvedRoute {
  const exact = snapshot.routes.get(model)
  if (exact !== undefined) return { route: exact, name: exact.name, unverified: false }
  const slash = model.indexOf('/')
  if (slash > 0) {
    const target = directTarget(snapshot, model.slice(0, slash), model.slice(slash + 1))
    if (target !== undefined)
      return { route: { ...snapshot.defaults, name: 'direct', targets: [target] }, name: 'direct', unverified: false }
  }
  if (snapshot.wildcard !== undefined) return { route: snapshot.wildcard, name: snapshot.wildcard.name, unverified: false }
  const taker = snapshot.vendorPrefixes?.find(({ prefix }) => model.startsWith(prefix))?.provider ?? snapshot.defaultProvider
  const taken = taker === undefined ? undefined : directTarget(snapshot, taker, model)
  if (taken !== undefined) {
    const name = `default:${taker}`
    return { route: { ...snapshot.defaults, name, targets: [taken] }, name, unverified: true }
  }
  const nearest = nearestNames(model, snapshot.modelIds)
  const hint = nearest.length === 0 ? 'GET /v1/models lists what is there.' : `Did you mean ${nearest.join(' or ')}?`
  throw new GatewayError('model_not_found', `No route or target for model "${model}". ${hint}`, { param: 'model' })
}

function directTarget(snapshot: RoutingSnapshot, provider: string, model: string): Target | undefined {
  const facts = snapshot.providers.get(asProviderId(provider))
  if (facts === undefined || model === '') return undefined
  return { id: targetIdOf(provider, model), provider: facts.id, model, format: facts.format }
}

/** Orders the candidates of a resolved route and says why the others were refused. Pure: same inputs, same plan. */
export function decide(snapshot: RoutingSnapshot, resolved: ResolvedRoute, question: DecisionQuestion): RoutePlan {
  const targets: Target[] = []
  const rejected: Rejection[] = []
  for (const target of resolved.route.targets) {
    const rejection = reject(snapshot, resolved.route, target, question)
    if (rejection === undefined) targets.push(target)
    else rejected.push(rejection)
  }
  return { route: resolved.name, strategy: 'ordered_fallback', targets, rejected, unverified: resolved.unverified }
}

function reject(snapshot: RoutingSnapshot, route: Route, target: Target, question: DecisionQuestion): Rejection | undefined {
  const provider = snapshot.providers.get(target.provider)
  if (provider === undefined)
    return { target_id: target.id, code: 'unknown_provider', reason: `provider ${target.provider} is not configured` }
  if (provider.accounts.length === 0)
    return {
      target_id: target.id,
      code: 'no_accounts',
      reason: `provider ${target.provider} has no account with a usable credential`,
    }
  const capability = capabilityRejection(provider, target, question, route.requirements)
  if (capability !== undefined) return capability
  if (route.translation === 'strict' && target.format !== question.clientFormat) {
    const losses = predictLosses(question.features(), target.format)
    if (losses.length > 0) {
      return {
        target_id: target.id,
        code: 'translation_loss',
        reason: `translating to ${target.format} would lose ${losses.join(', ')} and the route is strict`,
        evidence: { losses, format: target.format },
      }
    }
  }
  return undefined
}
