import type { Route, RouteMatcher, RouteRule, RoutingSnapshot } from '../ir/snapshot.ts'
import { PatternIndex, patternsOverlap } from '../lib/pattern-index.ts'
import type { ServerConfig } from '../http/server.schema.ts'
import type { RouteConfig } from '../routing/route.schema.ts'
import type { ConfigParts, Located } from './compile-context.ts'
import { conditionsOf } from './compile-conditions.ts'
import { requirementsOf } from './compile-requirements.ts'
import { routeResilience } from './compile-resilience.ts'
import { compileSelection } from './compile-selection.ts'
import type { ConfigPath } from './config-path.ts'
import type { ConfigNotes } from './problem.ts'
import { distinctTargets, type ResolveTarget } from './resolve-target.ts'
import { showText } from './secrecy.ts'

export type Defaults = RoutingSnapshot['defaults']

export interface CompiledRoutes extends Pick<RoutingSnapshot, 'routes' | 'wildcard' | 'wildcards' | 'matcher' | 'matched'> {
  readonly all: readonly Route[]
}

interface LocatedRule extends RouteRule {
  readonly at: ConfigPath
}

/** Routes with every target resolved, and what finds them. Rules that can never be reached are told. */
export function compileRoutes(
  parts: ConfigParts,
  defaults: Defaults,
  resolveTarget: ResolveTarget,
  notes: ConfigNotes,
): CompiledRoutes {
  const names = new Set<string>()
  const rules: LocatedRule[] = []
  const all: Route[] = []
  for (const located of parts.routes) {
    const { value, path } = located
    if (names.has(value.name))
      notes.problem(
        [...path, 'name'],
        `Two routes are named ${showText(value.name)}, so records could not tell them apart. Rename one.`,
      )
    names.add(value.name)
    const route = compileRoute(located, { parts, defaults, resolveTarget, notes })
    all.push(route)
    const conditions = conditionsOf(value.match)
    for (const { pattern, at } of patternsOf(located)) rules.push({ route, pattern, conditions, at })
  }
  const reachable = withoutShadowed(rules, notes)
  tellAmbiguous(reachable, notes)
  return { all, ...tablesOf(reachable) }
}

const patternsOf = ({ value, path }: Located<RouteConfig>): { pattern: string; at: ConfigPath }[] => [
  { pattern: value.match.model, at: [...path, 'match', 'model'] },
  ...value.aliases.map((pattern, index) => ({ pattern, at: [...path, 'aliases', index] })),
]

interface RouteContext {
  readonly parts: ConfigParts
  readonly defaults: Defaults
  readonly resolveTarget: ResolveTarget
  readonly notes: ConfigNotes
}

function compileRoute(located: Located<RouteConfig>, { parts, defaults, resolveTarget, notes }: RouteContext): Route {
  const { value, path } = located
  const targets = distinctTargets(value.targets, [...path, 'targets'], resolveTarget, notes)
  if (value.targets.length === 0)
    notes.problem([...path, 'targets'], 'The route leads nowhere. Name at least one target, as `provider/model`.', { wants: [] })
  const { timeouts, retry } = value
  const resilience = routeResilience(value)
  return {
    name: value.name,
    targets,
    timeouts: {
      connectMs: timeouts.connect_ms ?? defaults.timeouts.connectMs,
      firstTokenMs: timeouts.first_token_ms ?? defaults.timeouts.firstTokenMs,
      idleMs: timeouts.read_ms ?? defaults.timeouts.idleMs,
      totalMs: timeouts.total_ms === undefined ? defaults.timeouts.totalMs : (timeouts.total_ms ?? undefined),
    },
    maxRetries: retry.max_retries ?? defaults.maxRetries,
    translation: value.translation ?? defaults.translation,
    strictSchemas: value.strict_schema_downlevel ?? defaults.strictSchemas,
    ...answerSchemaOf(value, parts.server),
    responseModel: value.response_model,
    requirements: requirementsOf(value.require),
    selection: compileSelection(located, defaults.selection, parts, notes),
    ...(resilience === undefined ? {} : { resilience }),
  }
}

type AnswerSchemaKeys = { readonly [Key in 'answer_schema' | 'strict_answer_schema']?: ServerConfig[Key] | undefined }

/** What a route says goes before what the server says, key by key. */
export function answerSchemaOf(route: AnswerSchemaKeys, server: AnswerSchemaKeys): Pick<Route, 'answerSchema'> {
  const when = route.answer_schema ?? server.answer_schema ?? 'off'
  const isStrict = route.strict_answer_schema ?? server.strict_answer_schema ?? false
  return when === 'off' ? {} : { answerSchema: { when, isStrict } }
}

/** An earlier rule for the same names that takes every request the later one would leaves nothing to it. */
function withoutShadowed(rules: readonly LocatedRule[], notes: ConfigNotes): LocatedRule[] {
  const byPattern = new Map<string, LocatedRule[]>()
  return rules.filter((rule) => {
    const earlier = byPattern.get(rule.pattern) ?? []
    byPattern.set(rule.pattern, [...earlier, rule])
    const owner = earlier.find((other) => other.conditions.every(({ key }) => rule.conditions.some((own) => own.key === key)))
    if (owner === undefined) return true
    const advice =
      rule.conditions.length > owner.conditions.length
        ? 'Put the route with more conditions first.'
        : 'Remove one, or make its targets fallbacks.'
    notes.problem(
      rule.at,
      `The model name ${showText(rule.pattern)} already leads to route ${showText(owner.route.name)}; a second route would never be used. ${advice}`,
    )
    return false
  })
}

/** Two patterns that say equally much and have names in common: which one is taken depends on their order alone. */
function tellAmbiguous(rules: readonly LocatedRule[], notes: ConfigNotes): void {
  const globs = rules.filter(({ pattern }) => pattern.includes('*') && pattern.indexOf('*') < pattern.length - 1)
  for (const [index, rule] of globs.entries()) {
    const other = globs
      .slice(0, index)
      .find(
        ({ route, pattern }) =>
          route !== rule.route && lettersOf(pattern) === lettersOf(rule.pattern) && patternsOverlap(pattern, rule.pattern),
      )
    if (other === undefined || other.pattern === rule.pattern) continue
    notes.warning(
      rule.at,
      `Some names match both ${showText(rule.pattern)} and ${showText(other.pattern)} of route ${showText(other.route.name)}, and neither says more. They go to ${showText(other.route.name)}, which stands first. Make one pattern longer to decide it.`,
    )
  }
}

const lettersOf = (pattern: string): number => pattern.replaceAll('*', '').length

function tablesOf(rules: readonly LocatedRule[]): Omit<CompiledRoutes, 'all'> {
  const routes = new Map<string, Route>()
  const wildcards: RouteRule[] = []
  let wildcard: Route | undefined
  const index = new PatternIndex<RouteRule>()
  const matched = new Set<Route>()
  for (const { at: _at, ...rule } of rules) {
    const { pattern, conditions, route } = rule
    if (pattern === '*') {
      if (conditions.length > 0) wildcards.push(rule)
      else wildcard = route
      continue
    }
    index.add(pattern, rule)
    if (pattern.includes('*') || conditions.length > 0) matched.add(route)
    else routes.set(pattern, route)
  }
  const matcher: RouteMatcher | undefined = matched.size > 0 ? index : undefined
  return { routes, wildcard, wildcards, matcher, matched: [...matched] }
}
