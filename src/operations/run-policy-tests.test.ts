import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { snapshotOf } from '../../test/support/routing-worlds.ts'
import type { TargetFacts } from '../ir/snapshot.ts'
import { parsePolicyFile } from './policy-file.ts'
import { renderPolicyReport } from './render-policy.ts'
import { runPolicyTests, type PolicyTestResult } from './run-policy-tests.ts'

const snapshot = snapshotOf({
  server: { client_strategies: false },
  providers: ['a', 'b'].map((id) => ({
    id,
    type: 'openai_compatible',
    base_url: `https://${id}.example/v1`,
    api_key_env: 'NOT_SET',
  })),
  routes: [
    { name: 'team', match: { model: 'fast', headers: { 'x-team': 'core' } }, targets: ['b/large'] },
    { name: 'fast', match: { model: 'fast' }, targets: ['a/small', 'b/large'] },
    { name: 'turns', match: { model: 'turns' }, targets: ['a/small', 'b/large'], strategy: 'round_robin' },
  ],
})
const facts: Readonly<Record<string, TargetFacts>> = {
  'a/small': {
    capabilities: { toolCalling: false },
    declared: { toolCalling: false },
    contextWindow: 8_000,
    tags: [],
    price: { rates: { input: 1e9, output: 4e9 }, contextTiers: [] },
  },
}
const factsOf = ({ id }: { id: string }): TargetFacts => facts[id] ?? { capabilities: {}, tags: [] }

const run = (policy: object): PolicyTestResult => {
  const file = parsePolicyFile(JSON.stringify({ tests: [{ name: 't', ...policy }] }), 'p.yaml')
  const [result] = runPolicyTests(snapshot, file, { factsOf }).tests
  if (result === undefined) throw new TypeError('no result')
  return result
}
const refusal = (text: string): string => {
  try {
    parsePolicyFile(text, 'p.yaml')
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
  return ''
}

describe('a policy test', () => {
  test('passes where the decision is as expected, without any key being set', () => {
    const expected = { selected: 'a/small', fallbacks: ['b/large'], route: 'fast', strategy: 'ordered_fallback', max_price: 5 }
    expect(run({ request: { model: 'fast' }, expect: expected })).toMatchObject({ ok: true, failures: [] })
  })

  test('tells every expectation that is not met, with what was instead', () => {
    const { ok, failures } = run({
      request: { model: 'fast', tools: true },
      expect: { selected: 'a/small', fallbacks: ['b/large'], route: 'team', rejected: { 'b/large': 'tools_unsupported' } },
    })
    expect(ok).toBe(false)
    expect(failures).toEqual([
      { expectation: 'selected', expected: 'a/small', actual: 'b/large' },
      { expectation: 'fallbacks', expected: 'b/large', actual: 'none' },
      { expectation: 'route', expected: 'team', actual: 'fast' },
      { expectation: 'rejected.b/large', expected: 'tools_unsupported', actual: 'not ruled out: it is the first choice' },
    ])
  })

  test.each([
    ['conditions on headers', { request: { model: 'fast', headers: { 'X-Team': 'core' } }, expect: { route: 'team' } }],
    [
      'the size of the prompt',
      { request: { model: 'fast', tokens: 9_000 }, expect: { rejected: { 'a/small': 'context_window_too_small' } } },
    ],
    [
      'tools',
      {
        request: { model: 'fast', features: ['tools'] },
        expect: { rejected: { 'a/small': 'tools_unsupported' }, not_selected: 'a/small' },
      },
    ],
    [
      'what is observed',
      { request: { model: 'fast' }, observed: { 'a/small': { circuit: 'open' } }, expect: { selected: 'b/large' } },
    ],
    [
      'demotion',
      { request: { model: 'fast' }, observed: { 'a/small': { demoted: 'streak' } }, expect: { fallbacks: ['a/small'] } },
    ],
    [
      'what operators disabled',
      {
        request: { model: 'fast' },
        observed: { 'a/small': { disabled: 'model' } },
        expect: { rejected: { 'a/small': 'disabled' } },
      },
    ],
    ['turns', { request: { model: 'turns' }, turn: 1, expect: { selected: 'b/large' } }],
    ['hints', { request: { model: 'fast', hints: { max_price: 2 } }, expect: { rejected: { 'a/small': 'price_too_high' } } }],
    [
      'keys',
      {
        request: { model: 'fast', principal: { allowed: { providers: ['b'] } } },
        expect: { rejected: { 'a/small': 'provider_not_allowed' } },
      },
    ],
    ['refusals', { request: { model: 'nobody-knows' }, expect: { error: 'model_not_found' } }],
    [
      'nobody being left',
      { request: { model: 'a/small', tools: true }, expect: { selected: null, error: 'no_eligible_target' } },
    ],
    [
      'hints that are refused',
      { request: { model: 'fast', hints: { strategy: 'lowest_cost' } }, expect: { error: 'forbidden' } },
    ],
    [
      'a body',
      {
        request: {
          body: { model: 'fast', max_tokens: 5, system: 's', messages: [{ role: 'user', content: 'x'.repeat(40_000) }] },
        },
        expect: { rejected: { 'a/small': 'context_window_too_small' } },
      },
    ],
  ])('covers %s', (_what, policy) => {
    expect(run(policy).failures).toEqual([])
  })

  test('of a target that is nearly there is a typing error, not a pass', () => {
    expect(run({ request: { model: 'fast' }, expect: { not_selected: 'a/smal' } }).failures).toMatchObject([
      { expectation: 'expect.not_selected', actual: 'a/smal (did you mean a/small?)' },
    ])
    expect(
      run({ request: { model: 'fast' }, observed: { 'c/m': { circuit: 'open' } }, expect: { route: 'fast' } }).failures,
    ).toMatchObject([{ actual: 'c/m (no provider of that name is configured)' }])
  })

  test('fails where the price is not known', () => {
    expect(run({ request: { model: 'b/large' }, expect: { max_price: 5 } }).failures).toMatchObject([
      { actual: 'the price of b/large is not known' },
    ])
  })

  test('gives the same result however often it runs', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.boolean(), fc.nat(20_000), (seed, tools, tokens) => {
        const policy = { seed, request: { model: 'fast', tools, tokens }, expect: { selected: 'a/small' } }
        expect(run(policy)).toEqual(run(policy))
        expect(run(policy).ok).toBe(!tools && tokens <= 8_000)
      }),
      { numRuns: 50 },
    )
  })

  test('that fails is told with expectation, reasons and place', () => {
    const file = parsePolicyFile(
      'tests:\n  - name: fine\n    request: { model: fast }\n    expect: { route: fast }\n  - name: broken\n    request: { model: fast, tools: true }\n    expect: { selected: a/small }\n',
      'p.yaml',
    )
    const text = renderPolicyReport(runPolicyTests(snapshot, file, { factsOf }))
    expect(text.split('\n').slice(0, 5)).toEqual([
      'ok    fine',
      'FAIL  broken (p.yaml:5)',
      '      selected',
      '        expected: a/small',
      '        actual:   b/large',
    ])
    expect(text).toContain('because: a/small was ruled out: ')
    expect(text).toEndWith('1 of 2 policy tests failed.')
  })
})

describe('a file of policy tests', () => {
  test('is refused with the line and the nearest key', () => {
    const text = refusal('tests:\n  - name: x\n    request: { modle: fast }\n    expct: { route: r }\n')
    expect(text).toContain('p.yaml:3:16: tests[0].request.modle: Unknown key "modle". Did you mean model?')
    expect(text).toContain('p.yaml:4:5: tests[0].expct')
    expect(text).toContain('Did you mean expect?')
  })

  test.each([
    ['an empty file', '', 'tests'],
    ['no tests', 'tests: []', 'at least one test'],
    ['a list', '- a\n', 'Expected a mapping'],
    ['broken YAML', 'tests: [', 'p.yaml:1'],
    ['bombs', `a: &a [x]\nb: &b [${'*a,'.repeat(60)}]\ntests: [${'*b,'.repeat(60)}]`, 'anchors'],
    ['a test that expects nothing', 'tests: [{ name: x, request: { model: m }, expect: {} }]', 'at least one expectation'],
    ['a request without a model', 'tests: [{ name: x, request: {}, expect: { route: r } }]', '`model`'],
    [
      'a rejection nobody gives',
      'tests: [{ name: x, request: { model: m }, expect: { rejected: { a/b: tools_unsuported } } }]',
      'tools_unsupported',
    ],
    [
      'hints among the headers',
      'tests: [{ name: x, request: { model: m, headers: { X-Switchback-Models: b } }, expect: { route: r } }]',
      'hints',
    ],
    [
      'two tests of one name',
      'tests: [{ name: x, request: { model: m }, expect: { route: r } }, { name: x, request: { model: m }, expect: { route: r } }]',
      'same name',
    ],
    ['far too much', ' '.repeat(5 * 1024 * 1024), '4 MiB'],
  ])('is refused when it holds %s', (_what, text, part) => {
    expect(refusal(text)).toContain(part)
  })
})
