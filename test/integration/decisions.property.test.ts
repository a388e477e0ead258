import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { compileOverrides } from '../../src/catalog/prices/override-prices.ts'
import { CLIENT_FORMATS, type ClientFormat } from '../support/client-formats.ts'
import { startGateway } from '../support/gateway-fixture.ts'

type Json = Record<string, unknown>

const FORMATS = ['openai', 'responses', 'anthropic'] as const

const capabilities = fc.record(
  {
    streaming: fc.boolean(),
    tool_calling: fc.boolean(),
    json_schema: fc.boolean(),
    vision_in: fc.boolean(),
    max_context_tokens: fc.constantFrom(10, 200, 100_000),
    max_output_tokens: fc.constantFrom(50, 4_000),
  },
  { requiredKeys: [] },
)
const provider = (id: string): fc.Arbitrary<Json> =>
  fc.record({ id: fc.constant(id), type: fc.constant('mock'), format: fc.constantFrom(...FORMATS), capabilities })
const MODELS = ['echo', 'echo', 'tool', 'reasoning', 'fail-500', 'fail-400', 'flaky', 'cut']
/** All but those that draw lots. */
const STRATEGIES = [
  'ordered_fallback',
  'ordered_fallback',
  'round_robin',
  'least_latency',
  'lowest_cost',
  'least_busy',
  'auto',
  'auto/cheap',
] as const
const target = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(...MODELS)).map((parts) => parts.join('/'))
const route = (name: string): fc.Arbitrary<Json> =>
  fc.record({
    name: fc.constant(name),
    match: fc.constant({ model: name === 'star' ? '*' : name }),
    targets: fc.uniqueArray(target, { minLength: 1, maxLength: 4 }),
    strategy: fc.constantFrom(...STRATEGIES),
    translation: fc.constantFrom('allow', 'warn', 'strict'),
    retry: fc.constant({ max_retries: 0 }),
  })
const config = fc.record({
  server: fc.constant({ client_strategies: true }),
  providers: fc.tuple(provider('a'), provider('b'), provider('c')),
  routes: fc.oneof(fc.tuple(route('r')), fc.tuple(route('r'), route('star'))),
})

const IMAGE = 'data:image/png;base64,iVBORw0KGgo='
const extras: Record<string, (client: ClientFormat) => Json> = {
  nothing: () => ({}),
  tools: ({ format }) => {
    const schema = { type: 'object', properties: {} }
    if (format === 'anthropic') return { tools: [{ name: 'f', input_schema: schema }] }
    return {
      tools: [
        format === 'openai'
          ? { type: 'function', function: { name: 'f', parameters: schema } }
          : { type: 'function', name: 'f', parameters: schema },
      ],
    }
  },
  sampling: ({ format }) =>
    format === 'openai'
      ? { seed: 7, logit_bias: { 1: 1 }, n: 2 }
      : format === 'anthropic'
        ? { top_k: 3, stop_sequences: ['x'] }
        : { truncation: 'auto', top_logprobs: 2 },
  image: ({ format }) => {
    if (format === 'openai') return { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: IMAGE } }] }] }
    if (format === 'responses')
      return { input: [{ role: 'user', content: [{ type: 'input_image', image_url: IMAGE, detail: 'auto' }] }] }
    return {
      messages: [
        { role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }] },
      ],
    }
  },
  schema: ({ format }) => {
    const schema = { type: 'object', properties: {}, additionalProperties: false }
    if (format === 'openai') return { response_format: { type: 'json_schema', json_schema: { name: 's', schema } } }
    return format === 'responses' ? { text: { format: { type: 'json_schema', name: 's', schema } } } : {}
  },
  long: ({ format }) =>
    format === 'responses' ? { input: 'word '.repeat(400) } : { messages: [{ role: 'user', content: 'word '.repeat(400) }] },
}

const hints = fc.record(
  {
    'x-switchback-models': fc.constantFrom('nobody, b/echo', 'c/echo'),
    'x-switchback-max-price': fc.constantFrom('3', '50'),
    'x-switchback-latency': fc.constantFrom('interactive', 'batch'),
    'x-switchback-no-fallback': fc.constant('true'),
    'x-switchback-strategy': fc.constantFrom('lowest_cost', 'auto/fast', 'ordered_fallback'),
    'x-session-id': fc.constantFrom('s1', 's2'),
  },
  { requiredKeys: [] },
)

const price = (): fc.Arbitrary<{ input: number; output: number }> =>
  fc.record({ input: fc.constantFrom(0, 1, 20), output: fc.constantFrom(1, 30) })

const call = fc.record({
  format: fc.constantFrom(...FORMATS),
  extra: fc.constantFrom(...Object.keys(extras)),
  stream: fc.boolean(),
  model: fc.constantFrom('r', 'r', 'r', 'r', 'a/echo', 'nobody', 'b/x/y', 'auto/cheap'),
  hints: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, hints),
})

/** Prices of the operator's, which nobody loads before a call asks for them. */
const prices = fc.record({ 'a/*': price(), 'b/echo': price(), 'c/*': price() }, { requiredKeys: [] })

/** Ids, chance and the time that passes between two calls are of one call; everything else must be the same. */
const comparable = (decision: Json): Json => ({
  ...decision,
  request_id: '',
  seed: 0,
  candidates: (decision['candidates'] as { observed: Json }[]).map((candidate) => ({
    ...candidate,
    observed: { ...candidate.observed, recovery_ms: 0 },
  })),
})
let compared = 0
afterAll(() => expect(compared).toBeGreaterThan(300))

describe('a preview', () => {
  test('is the decision that the same call gets: same code, same order, same refusals and reasons', async () => {
    await fc.assert(
      fc.asyncProperty(config, prices, fc.array(call, { minLength: 6, maxLength: 6 }), async (configuration, own, calls) => {
        const gateway = await startGateway(configuration)
        gateway.gateway.prices.replaceOverrides(compileOverrides(own))
        try {
          for (const { format, extra, stream, model, hints: headers } of calls) {
            const client = CLIENT_FORMATS.find((each) => each.format === format)!
            const body = { ...client.call(model, { stream }), ...extras[extra]!(client) }
            const preview = await gateway.post(`/v1/route-preview?format=${client.format}`, body, { headers })
            const response = await gateway.post(client.path, body, { headers })
            await response.text()
            const record = await gateway.recordOf(response)
            if (preview.status !== 200) {
              expect([preview.status, ((await preview.json()) as { error: { code: string } }).error.code]).toEqual([
                response.status,
                record.error_code ?? '',
              ])
              continue
            }
            const { decision } = (await preview.json()) as { decision: Json }
            expect(comparable(decision)).toEqual(comparable(JSON.parse(JSON.stringify(record.decision)) as Json))
            // What was executed follows the plan: only its targets, in its order, beginning with the selected one.
            const plan = [decision['selected'], ...(decision['fallbacks'] as Json[])]
              .filter((entry) => entry !== null)
              .map((entry) => (entry as { target_id: string }).target_id)
            const tried = [...new Set(record.attempts.map((attempt) => attempt.target_id))]
            const passedOver = (record.skipped ?? []).map((skipped) => skipped.target_id)
            expect(tried).toEqual(plan.filter((id) => !passedOver.includes(id) || tried.includes(id)).slice(0, tried.length))
            if (plan.length > 0) expect(response.headers.get('x-switchback-route')).toContain(`selected=${plan[0]}`)
            else {
              const onlyWindows = record.decision.rejected.every(({ code }) => code === 'context_window_too_small')
              expect(record).toMatchObject(
                onlyWindows
                  ? { error_code: 'context_window_exceeded', attempts: [] }
                  : { status: 503, error_code: 'no_eligible_target', attempts: [] },
              )
            }
            compared++
          }
        } finally {
          await gateway.close()
        }
      }),
      { numRuns: 80, seed: 20_260 },
    )
  }, 60_000)
})
