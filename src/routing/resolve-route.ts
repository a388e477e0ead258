import { GatewayError } from '../errors/gateway-error.ts'
import { asProviderId, targetIdOf } from '../ir/ids.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { Route, RouteCondition, RouteRule, RoutingSnapshot } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import { matchesPattern } from '../lib/pattern-index.ts'
import { nearestNames } from './nearest-models.ts'
import { profileOf } from './profile.ts'
import { routeOfProvider } from './route-of-provider.ts'

/** Where a model name leads, before any filter. */
export interface ResolvedRoute {
  readonly route: Route
  /** Name shown in decisions: the route's own, `combo/<name>`, `direct`, or `default:<provider>`. */
  readonly name: string
  readonly unverified: boolean
  /** Conditions on what is not recorded that were looked at, and whether they held. */
  readonly conditions?: ReadonlyMap<string, boolean> | undefined
  /** Models of the client's list that lead nowhere. */
  readonly unknownModels?: readonly string[] | undefined
}

/** What resolving reads of a question; conditions of routes may read more. */
export type RouteQuestion = Pick<DecisionQuestion, 'model'> & Partial<DecisionQuestion>

/** Answers a condition; a stand-in lets a decision be made again from its record. */
export type ConditionReader = (condition: RouteCondition, question: DecisionQuestion) => boolean

const readQuestion: ConditionReader = (condition, question) => condition.holds(question)

/**
 * Finds the route of a model name: exact name or alias, prefix, pattern, combo, score profile, `provider/model` direct, the `*` route, the
 * vendor whose names begin like this one, the default provider. A list of models in the question's hints makes one route of them all. A call that
 * is for one provider has a route of its own.
 * Throws `model_not_found` naming the nearest models, or `forbidden` when the caller may not use what it leads to.
 */
export function resolveRoute(
  snapshot: RoutingSnapshot,
  question: RouteQuestion,
  read: ConditionReader = readQuestion,
): ResolvedRoute {
  if (question.endpoint?.provider !== undefined) return routeOfProvider(snapshot, question, question.endpoint.provider)
  // The ordinary case: a plain name, and nothing to check. A name such as `auto/cheap` may change the order of its route.
  const { hints, principal, model } = question
  const plain =
    hints?.models === undefined && principal?.allowed === undefined && snapshot.matcher === undefined && !model.startsWith('auto')
  const exact = plain ? snapshot.routes.get(model) : undefined
  if (exact !== undefined) return { route: exact, name: exact.name, unverified: false }
  // What a plain name leads to without conditions is always the same.
  if (plain && snapshot.wildcards.length === 0)
    return resolvedBefore(snapshot, model, () => new Resolver(snapshot, withDefaults(question), read).resolve(model))
  const resolver = new Resolver(snapshot, withDefaults(question), read)
  const models = [...new Set([model, ...(hints?.models ?? [])])]
  return models.length === 1 ? resolver.resolve(model) : resolver.resolveAll(models)
}

/** Names of models come from clients. */
const MOST_REMEMBERED = 1_024
const remembered = new WeakMap<RoutingSnapshot, Map<string, ResolvedRoute>>()

function resolvedBefore(snapshot: RoutingSnapshot, model: string, resolve: () => ResolvedRoute): ResolvedRoute {
  const known = remembered.get(snapshot) ?? new Map<string, ResolvedRoute>()
  if (known.size === 0) remembered.set(snapshot, known)
  let resolved = known.get(model)
  if (resolved === undefined) {
    resolved = resolve()
    if (known.size >= MOST_REMEMBERED) known.clear()
    known.set(model, resolved)
  }
  return resolved
}

class Resolver {
  private readonly snapshot: RoutingSnapshot
  private readonly question: DecisionQuestion
  private readonly read: ConditionReader
  private readonly conditions = new Map<string, boolean>()

  constructor(snapshot: RoutingSnapshot, question: DecisionQuestion, read: ConditionReader) {
    this.snapshot = snapshot
    this.question = question
    this.read = read
  }

  resolve(model: string): ResolvedRoute {
    const found = this.find(model)
    if (found === undefined) throw modelNotFound(this.snapshot, model)
    this.checkAllowed(model, found.name)
    return this.conditions.size === 0 ? found : { ...found, conditions: this.conditions }
  }

  /** The targets of all models in the order of the list, under the settings of the first model that leads anywhere. */
  resolveAll(models: readonly string[]): ResolvedRoute {
    const unknownModels: string[] = []
    const resolved: ResolvedRoute[] = []
    for (const model of models) {
      const found = this.find(model)
      if (found === undefined) unknownModels.push(model)
      else {
        this.checkAllowed(model, found.name)
        resolved.push(found)
      }
    }
    const [first] = resolved
    if (first === undefined) throw modelNotFound(this.snapshot, this.question.model)
    const targets = new Map<string, Target>()
    for (const { route } of resolved)
      for (const target of route.targets) if (!targets.has(target.id)) targets.set(target.id, target)
    const selection = { ...first.route.selection, strategy: { name: 'ordered_fallback', chosenBy: 'route' as const } }
    return {
      route: { ...first.route, selection, targets: [...targets.values()] },
      name: resolved.length === 1 ? first.name : `models:${resolved.map(({ name }) => name).join(',')}`,
      unverified: resolved.some(({ unverified }) => unverified),
      ...(this.conditions.size === 0 ? {} : { conditions: this.conditions }),
      ...(unknownModels.length === 0 ? {} : { unknownModels }),
    }
  }

  private find(model: string): ResolvedRoute | undefined {
    const { snapshot } = this
    const route = this.match(model)
    if (route !== undefined) return named(withProfile(snapshot, route, model))
    const combo = model.startsWith(COMBO) ? snapshot.combos.get(model.slice(COMBO.length)) : undefined
    if (combo !== undefined) return named(combo)
    return this.profile(model) ?? this.direct(model) ?? this.anything() ?? this.handedOn(model)
  }

  private match(model: string): Route | undefined {
    const { matcher, routes } = this.snapshot
    return matcher === undefined ? routes.get(model) : matcher.find(model, this.accepts)?.route
  }

  private readonly accepts = ({ conditions }: RouteRule): boolean => conditions.every((condition) => this.holds(condition))

  private holds(condition: RouteCondition): boolean {
    const known = condition.isPrivate ? this.conditions.get(condition.key) : undefined
    if (known !== undefined) return known
    const holds = this.read(condition, this.question)
    if (condition.isPrivate) this.conditions.set(condition.key, holds)
    return holds
  }

  private profile(model: string): ResolvedRoute | undefined {
    const { targets, defaults } = this.snapshot
    if (targets.length === 0 || profileOf(this.snapshot, model) === undefined) return undefined
    return named(withProfile(this.snapshot, { ...defaults, name: model, targets }, model))
  }

  private direct(model: string): ResolvedRoute | undefined {
    const slash = model.indexOf('/')
    const target = slash > 0 ? directTarget(this.snapshot, model.slice(0, slash), model.slice(slash + 1)) : undefined
    return target === undefined ? undefined : named({ ...this.snapshot.defaults, name: 'direct', targets: [target] })
  }

  private anything(): ResolvedRoute | undefined {
    const route = this.snapshot.wildcards.find(this.accepts)?.route ?? this.snapshot.wildcard
    return route === undefined ? undefined : named(route)
  }

  private handedOn(model: string): ResolvedRoute | undefined {
    const { vendorPrefixes, defaultProvider, defaults } = this.snapshot
    const taker = vendorPrefixes?.find(({ prefix }) => model.startsWith(prefix))?.provider ?? defaultProvider
    const target = taker === undefined ? undefined : directTarget(this.snapshot, taker, model)
    if (target === undefined) return undefined
    return { ...named({ ...defaults, name: `default:${taker}`, targets: [target] }), unverified: true }
  }

  private checkAllowed(model: string, route: string): void {
    const allowed = this.question.principal?.allowed
    if (allowed?.models !== undefined && !allowed.models.some((pattern) => matchesPattern(pattern, model)))
      throw new GatewayError(
        'forbidden',
        `This key may not use the model "${model}". Ask whoever runs the gateway for access to it.`,
        {
          param: 'model',
        },
      )
    if (allowed?.routes !== undefined && !allowed.routes.some((pattern) => matchesPattern(pattern, route)))
      throw new GatewayError(
        'forbidden',
        `The model "${model}" leads to route "${route}", which this key may not use. Ask whoever runs the gateway for access to it.`,
        { param: 'model' },
      )
  }
}

const COMBO = 'combo/'

const named = (route: Route): ResolvedRoute => ({ route, name: route.name, unverified: false })

/** A profile asked for by name orders a route that has not chosen a strategy of its own. */
function withProfile(snapshot: RoutingSnapshot, route: Route, model: string): Route {
  const { selection } = route
  if (selection.strategy.chosenBy === 'route') return route
  const profile = profileOf(snapshot, model)
  if (profile === undefined) return route
  return { ...route, selection: { ...selection, affinity: 'session', strategy: { name: profile.name, chosenBy: 'route' } } }
}

function directTarget(snapshot: RoutingSnapshot, provider: string, model: string): Target | undefined {
  const facts = snapshot.providers.get(asProviderId(provider))
  if (facts === undefined || model === '') return undefined
  return { id: targetIdOf(provider, model), provider: facts.id, model, format: facts.format }
}

function modelNotFound(snapshot: RoutingSnapshot, model: string): GatewayError {
  const nearest = nearestNames(model, snapshot.modelIds)
  const hint = nearest.length === 0 ? 'GET /v1/models lists what is there.' : `Did you mean ${nearest.join(' or ')}?`
  return new GatewayError('model_not_found', `No route or target for model "${model}". ${hint}`, { param: 'model' })
}

const withDefaults = (question: RouteQuestion): DecisionQuestion => ({
  clientFormat: 'openai',
  stream: false,
  estimatedInputTokens: 0,
  maxOutputTokens: undefined,
  features: () => new Set(),
  ...question,
})
