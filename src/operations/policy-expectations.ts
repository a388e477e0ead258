import type { RouteDecision } from '../ir/decision.ts'
import { blendedPerMillion } from '../catalog/prices/rates-for.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import { recordedFacts } from '../routing/recorded-facts.ts'
import { nearest } from '../lib/nearest.ts'
import type { PolicyTest } from './policy.schema.ts'
import { nobodyLeft } from '../routing/nobody-left.ts'

/** An expectation that was not met. */
export interface PolicyFailure {
  /** Such as `selected` or `rejected.a/m`. */
  readonly expectation: string
  readonly expected: string
  readonly actual: string
}

/** What a request came to. */
interface Made {
  readonly decision?: RouteDecision | undefined
  readonly error?: { readonly code: string; readonly message: string } | undefined
}

/** Every expectation of a test that its decision does not meet, and every target it names that there is not. */
export function unmetExpectations(test: PolicyTest, made: Made, snapshot: RoutingSnapshot): PolicyFailure[] {
  const typos = unknownTargets(test, made, snapshot)
  if (typos.length > 0) return typos
  const { expect } = test
  const refusal = made.error?.code ?? (made.decision?.selected === null ? nobodyLeft(made.decision.rejected) : undefined)
  const failures: PolicyFailure[] = []
  const compare = (expectation: string, expected: string, actual: string): void => {
    if (expected !== actual) failures.push({ expectation, expected, actual })
  }
  const selected = made.decision?.selected?.target_id
  if (expect.error !== undefined) compare('error', expect.error, refusal ?? `${selected} would serve`)
  const refused = made.error === undefined ? undefined : `refused with ${made.error.code}`
  if (expect.selected !== undefined) compare('selected', expect.selected ?? 'nobody', selected ?? refused ?? 'nobody')
  for (const id of listOf(expect.not_selected))
    if (id === selected) failures.push({ expectation: 'not_selected', expected: `anybody but ${id}`, actual: id })
  if (expect.fallbacks !== undefined)
    compare(
      'fallbacks',
      words(expect.fallbacks),
      refused ?? words(made.decision?.fallbacks.map(({ target_id }) => target_id) ?? []),
    )
  if (expect.route !== undefined) compare('route', expect.route, made.decision?.route ?? refused ?? '')
  if (expect.strategy !== undefined) compare('strategy', expect.strategy, made.decision?.strategy ?? refused ?? '')
  for (const [id, code] of Object.entries(expect.rejected ?? {})) {
    const found = made.decision?.rejected.find(({ target_id }) => target_id === id)
    compare(`rejected.${id}`, code, found?.code ?? refused ?? whereIs(id, made.decision))
  }
  if (expect.max_price !== undefined) failures.push(...priceFailure(expect.max_price, made.decision, refused))
  return failures
}

const listOf = (names: string | readonly string[] | undefined): readonly string[] =>
  names === undefined ? [] : typeof names === 'string' ? [names] : names

const words = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))

function whereIs(id: string, decision: RouteDecision | undefined): string {
  if (decision?.selected?.target_id === id) return 'not ruled out: it is the first choice'
  const place = decision?.fallbacks.findIndex(({ target_id }) => target_id === id) ?? -1
  return place === -1 ? 'no candidate of this route' : `not ruled out: it is fallback ${place + 1}`
}

const NANOS = 1_000_000_000

function priceFailure(most: number, decision: RouteDecision | undefined, refused: string | undefined): PolicyFailure[] {
  const expected = `at most $${most} for a million tokens in and out`
  const id = decision?.selected?.target_id
  const facts = decision?.candidates?.find(({ target_id }) => target_id === id)?.facts
  if (id === undefined || facts === undefined) return [{ expectation: 'max_price', expected, actual: refused ?? 'nobody serves' }]
  const { price } = recordedFacts(facts)
  const cost = price === undefined ? undefined : blendedPerMillion(price, decision?.inputs.estimated_input_tokens)
  if (cost === undefined) return [{ expectation: 'max_price', expected, actual: `the price of ${id} is not known` }]
  return cost <= most * NANOS ? [] : [{ expectation: 'max_price', expected, actual: `${id} costs $${cost / NANOS}` }]
}

/** A name that is nearly that of a target is a typing error, and a test of it would promise nothing. */
function unknownTargets(
  { observed, expect, request }: PolicyTest,
  { decision }: Made,
  snapshot: RoutingSnapshot,
): PolicyFailure[] {
  const known = new Set<string>([
    ...snapshot.targets.map(({ id }) => id),
    ...(decision?.candidates ?? []).map(({ target_id }) => target_id),
  ])
  const named = [
    ...Object.keys(observed ?? {}).map((id) => ['observed', id] as const),
    ...listOf(expect.selected ?? undefined).map((id) => ['expect.selected', id] as const),
    ...listOf(expect.not_selected).map((id) => ['expect.not_selected', id] as const),
    ...listOf(expect.fallbacks).map((id) => ['expect.fallbacks', id] as const),
    ...Object.keys(expect.rejected ?? {}).map((id) => ['expect.rejected', id] as const),
    ...listOf(request.session?.target).map((id) => ['request.session', id] as const),
    ...listOf(request.origin?.target).map((id) => ['request.origin', id] as const),
  ]
  return named.flatMap(([expectation, id]) => {
    if (known.has(id)) return []
    const meant = nearest(id, known)
    const isProvider = [...snapshot.providers.keys()].some((provider) => id.startsWith(`${provider}/`))
    if (isProvider && meant === undefined) return []
    const hint = meant === undefined ? 'no provider of that name is configured' : `did you mean ${meant}?`
    return [{ expectation, expected: 'a target of the configuration', actual: `${id} (${hint})` }]
  })
}
