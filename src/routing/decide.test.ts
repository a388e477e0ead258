import { describe, expect, test } from 'bun:test'
import { configFromObject } from '../config/load.ts'
import type { Feature } from '../ir/feature.ts'
import type { FactsOf, RoutingSnapshot } from '../ir/snapshot.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import { nothingObserved } from './candidate.ts'
import { decide } from './decide.ts'
import { resolveRoute } from './resolve-route.ts'

function snapshotOf(config: object): RoutingSnapshot {
  const loaded = configFromObject(config, { env: {}, cwd: '/', home: '/' })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.compiled.routing
}

const question = (model: string, options: Partial<DecisionQuestion> = {}, features: Feature[] = []): DecisionQuestion => ({
  model,
  clientFormat: 'openai',
  stream: false,
  estimatedInputTokens: 100,
  maxOutputTokens: undefined,
  features: () => new Set(features),
  ...options,
})

const plan = (snapshot: RoutingSnapshot, asked: DecisionQuestion): ReturnType<typeof decide> =>
  decide(snapshot, resolveRoute(snapshot, asked), asked, { observed: nothingObserved, seed: 1, factsOf: declaredFacts(snapshot) })

/** What the operator declared, and nothing else. */
const declaredFacts =
  (snapshot: RoutingSnapshot): FactsOf =>
  ({ provider }) => {
    const capabilities = snapshot.providers.get(provider)?.capabilities ?? {}
    return { capabilities, declared: capabilities, contextWindow: capabilities.maxContextTokens, tags: [] }
  }

const PROVIDERS = [
  { id: 'near', type: 'openai_compatible', base_url: 'http://127.0.0.1:1/v1', api_key: 'k' },
  {
    id: 'far',
    type: 'anthropic',
    base_url: 'http://127.0.0.1:2',
    api_key: 'k',
    capabilities: { max_context_tokens: 1000, vision_in: false },
  },
]

describe('a model name', () => {
  const snapshot = snapshotOf({
    providers: PROVIDERS,
    routes: [
      { name: 'fast', match: { model: 'fast' }, targets: ['near/a/b', 'far/c'] },
      { name: 'rest', match: { model: '*' }, targets: ['far/c'] },
    ],
  })

  test('that a route matches exactly goes there, in the order of its targets', () => {
    expect(plan(snapshot, question('fast'))).toMatchObject({
      route: 'fast',
      targets: [{ id: 'near/a/b', model: 'a/b' }, { id: 'far/c' }],
    })
  })

  test('with a provider in front goes straight to it, slashes of the model kept', () => {
    expect(plan(snapshot, question('near/x/y:z'))).toMatchObject({
      route: 'direct',
      targets: [{ provider: 'near', model: 'x/y:z' }],
      unverified: false,
    })
  })

  test('that nobody knows goes to the route for everything else', () => {
    expect(plan(snapshot, question('whatever')).route).toBe('rest')
  })

  test('that nobody knows is refused with the nearest names when there is no such route', () => {
    const strict = snapshotOf({ providers: PROVIDERS, routes: [{ name: 'fast', match: { model: 'fast' }, targets: ['near/m'] }] })
    expect(() => resolveRoute(strict, question('fats'))).toThrow('Did you mean fast')
  })

  test('that nobody knows goes unverified to the default provider', () => {
    const open = snapshotOf({ server: { default_provider: 'near' }, providers: PROVIDERS })
    expect(plan(open, question('some/model'))).toMatchObject({
      route: 'default:near',
      unverified: true,
      targets: [{ id: 'near/some/model' }],
    })
  })
})

describe('a candidate', () => {
  const snapshot = snapshotOf({
    providers: PROVIDERS,
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['far/c', 'near/a'] }],
  })

  test('whose declared window is too small for prompt and answer is rejected with the numbers', () => {
    const decided = plan(snapshot, question('r', { estimatedInputTokens: 900, maxOutputTokens: 200 }))
    expect(decided.targets.map(({ id }) => String(id))).toEqual(['near/a'])
    expect(decided.rejected).toMatchObject([
      { target_id: 'far/c', code: 'context_window_too_small', evidence: { context_window: 1000, estimated_input_tokens: 900 } },
    ])
  })

  test('that declares no vision is rejected for an image and kept without one', () => {
    expect(plan(snapshot, question('r', {}, ['part.image_url'])).rejected).toMatchObject([{ code: 'vision_unsupported' }])
    expect(plan(snapshot, question('r')).rejected).toEqual([])
  })

  test('that would lose something is rejected on a strict route only, and only across formats', () => {
    const strict = snapshotOf({
      providers: PROVIDERS,
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['far/c', 'near/a'], translation: 'strict' }],
    })
    const lossy = question('r', {}, ['sampling.seed'])
    expect(plan(strict, lossy).rejected).toMatchObject([
      { target_id: 'far/c', code: 'translation_loss', evidence: { losses: ['sampling.seed'] } },
    ])
    expect(plan(snapshot, lossy).rejected).toEqual([])
  })

  test('smaller than the route demands is rejected', () => {
    const demanding = snapshotOf({
      providers: PROVIDERS,
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['far/c', 'near/a'], require: { min_context_tokens: 5000 } }],
    })
    expect(plan(demanding, question('r')).rejected).toMatchObject([{ target_id: 'far/c', evidence: { required: 5000 } }])
  })
})

test('the same question to the same snapshot gives the same plan', () => {
  const snapshot = snapshotOf({
    providers: PROVIDERS,
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['far/c', 'near/a'] }],
  })
  const asked = question('r', { estimatedInputTokens: 5000 }, ['part.image_url'])
  expect(JSON.stringify(plan(snapshot, asked))).toBe(JSON.stringify(plan(snapshot, asked)))
})
