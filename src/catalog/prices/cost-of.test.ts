import { describe, expect, test } from 'bun:test'
import type { Usage } from '../../ir/usage.ts'
import { costOf } from './cost-of.ts'
import type { ModelPrice } from '../../ir/price.ts'
import { overridePrice } from './override-price.ts'

/** Prices as the vendors publish them, in USD per million tokens; the pages are named at each. */
const price = overridePrice
const nano = (usage: Usage, of: ModelPrice): number | undefined => costOf(usage, of)?.nanoDollars
const lines = (usage: Usage, of: ModelPrice): Record<string, number> =>
  Object.fromEntries((costOf(usage, of)?.lines ?? []).map(({ kind, name, nanoDollars }) => [name ?? kind, nanoDollars]))

describe('OpenAI: cached tokens are part of the prompt, reasoning is part of the completion', () => {
  // https://platform.openai.com/docs/pricing: GPT-5, $1.25 input, $0.125 cached input, $10 output.
  const gpt5 = price({ input: 1.25, cache_read: 0.125, output: 10 })

  test('a cached prompt', () => {
    const usage = { inputTokens: 2_006, cacheReadTokens: 1_920, outputTokens: 300, reasoningTokens: 128 }
    // 86 × 1.25 + 1,920 × 0.125 + 300 × 10 = 107.5 + 240 + 3,000 micro-dollars
    expect(nano(usage, gpt5)).toBe(3_347_500)
    expect(lines(usage, gpt5)).toEqual({ cacheRead: 240_000, input: 107_500, output: 3_000_000 })
  })

  test('audio has rates of its own and is charged as fresh', () => {
    // GPT-4o audio: text $2.50 in, $10 out; audio $40 in, $80 out.
    const audio = price({ input: 2.5, output: 10, input_audio: 40, output_audio: 80 })
    const usage = {
      inputTokens: 1_000,
      outputTokens: 500,
      inputByModality: { text: 400, audio: 600 },
      outputByModality: { text: 100, audio: 400 },
    }
    expect(lines(usage, audio)).toEqual({ inputAudio: 24_000_000, input: 1_000_000, outputAudio: 32_000_000, output: 1_000_000 })
  })

  test('audio that cannot all be fresh is cached for the rest', () => {
    const audio = price({ input: 2.5, cache_read: 1.25, output: 10, input_audio: 40 })
    const usage = { inputTokens: 1_000, cacheReadTokens: 800, outputTokens: 0, inputByModality: { audio: 600 } }
    expect(lines(usage, audio)).toEqual({ cacheRead: 1_000_000, inputAudio: 8_000_000 })
  })
})

describe('Anthropic: two rates for cache writes', () => {
  // https://platform.claude.com/docs/en/about-claude/pricing: Claude Sonnet 4.5, $3 input, $15 output, $0.30 cache hits, $3.75 writes
  // for five minutes, $6 for one hour; beyond 200,000 input tokens twice the input rates and $22.50 output. Web search $10 per 1,000.
  const sonnet = price({
    input: 3,
    output: 15,
    cache_read: 0.3,
    cache_write_5m: 3.75,
    cache_write_1h: 6,
    context_tiers: [{ above: 200_000, input: 6, output: 22.5, cache_read: 0.6, cache_write_5m: 7.5, cache_write_1h: 12 }],
    per_call: { web_search_requests: '0.01', web_fetch_requests: 0 },
  })

  test('reads, both writes and fresh input make up the total', () => {
    const usage = {
      inputTokens: 20_050,
      cacheReadTokens: 15_000,
      cacheWriteTokens: 5_000,
      cacheWrite5mTokens: 2_000,
      cacheWrite1hTokens: 3_000,
      outputTokens: 400,
    }
    expect(lines(usage, sonnet)).toEqual({
      cacheRead: 4_500_000,
      cacheWrite5m: 7_500_000,
      cacheWrite1h: 18_000_000,
      input: 150_000,
      output: 6_000_000,
    })
    expect(nano(usage, sonnet)).toBe(36_150_000)
  })

  test('writes whose lifetime is not told cost as the five-minute ones, the remainder as well', () => {
    const untold = { inputTokens: 1_000, cacheWriteTokens: 1_000, outputTokens: 0 }
    expect(lines(untold, sonnet)).toEqual({ cacheWrite5m: 3_750_000 })
    const partly = { inputTokens: 1_000, cacheWriteTokens: 1_000, cacheWrite1hTokens: 400, outputTokens: 0 }
    expect(lines(partly, sonnet)).toEqual({ cacheWrite5m: 2_250_000, cacheWrite1h: 2_400_000 })
  })

  test('the long-context rates begin after 200,000 tokens of input, cached ones counted', () => {
    const at = (inputTokens: number): Usage => ({ inputTokens, cacheReadTokens: 150_000, outputTokens: 10 })
    // 50,000 × 3 + 150,000 × 0.3 + 10 × 15 = 150,000 + 45,000 + 150 micro-dollars
    expect(nano(at(200_000), sonnet)).toBe(195_150_000)
    // 50,001 × 6 + 150,000 × 0.6 + 10 × 22.5 = 300,006 + 90,000 + 225 micro-dollars
    expect(nano(at(200_001), sonnet)).toBe(390_231_000)
  })

  test('hosted tools cost by call, and one without a price makes the cost unknown', () => {
    const usage = { inputTokens: 100, outputTokens: 100, hostedToolCalls: { web_search_requests: 3, web_fetch_requests: 2 } }
    expect(lines(usage, sonnet)).toEqual({
      input: 300_000,
      output: 1_500_000,
      web_search_requests: 30_000_000,
      web_fetch_requests: 0,
    })
    expect(costOf({ ...usage, hostedToolCalls: { code_execution_requests: 1 } }, sonnet)).toBeUndefined()
    expect(costOf({ ...usage, hostedToolCalls: { code_execution_requests: 0 } }, sonnet)).toBeDefined()
    expect(costOf({ ...usage, hostedToolCalls: { toString: 1 } }, sonnet)).toBeUndefined()
  })
})

describe('Gemini: thoughts are output, long prompts cost more', () => {
  // https://ai.google.dev/gemini-api/docs/pricing: Gemini 2.5 Pro, $1.25 input, $10 output, $0.125 cached up to 200,000 tokens of
  // prompt; $2.50, $15 and $0.25 beyond.
  const pro = price({
    input: 1.25,
    output: 10,
    cache_read: 0.125,
    context_tiers: [{ above: 200_000, input: 2.5, output: 15, cache_read: 0.25 }],
  })

  test('at 200,000 tokens and one more', () => {
    expect(nano({ inputTokens: 200_000, outputTokens: 1_000, reasoningTokens: 900 }, pro)).toBe(260_000_000)
    expect(nano({ inputTokens: 200_001, outputTokens: 1_000, reasoningTokens: 900 }, pro)).toBe(515_002_500)
  })
})

test('DeepSeek: cache hits and misses make up the prompt', () => {
  // https://api-docs.deepseek.com/quick_start/pricing: V3.2, $0.028 cache hit, $0.28 cache miss, $0.42 output.
  const deepseek = price({ input: 0.28, cache_read: 0.028, output: 0.42 })
  const usage = { inputTokens: 1_234, cacheReadTokens: 1_024, outputTokens: 567 }
  expect(lines(usage, deepseek)).toEqual({ cacheRead: 28_672, input: 58_800, output: 238_140 })
  expect(nano(usage, deepseek)).toBe(325_612)
})

test('xAI: cached prompt tokens at a quarter, reasoning at the output rate', () => {
  // https://docs.x.ai/docs/models: Grok 4, $3 input, $0.75 cached input, $15 output; twice as much beyond 128,000 tokens of input.
  const grok = price({
    input: 3,
    cache_read: 0.75,
    output: 15,
    context_tiers: [{ above: 128_000, input: 6, cache_read: 1.5, output: 30 }],
  })
  expect(nano({ inputTokens: 7_000, cacheReadTokens: 6_000, outputTokens: 250, reasoningTokens: 200 }, grok)).toBe(11_250_000)
  expect(nano({ inputTokens: 128_000, outputTokens: 1 }, grok)).toBe(384_015_000)
  expect(nano({ inputTokens: 128_001, outputTokens: 1 }, grok)).toBe(768_036_000)
})

describe('what is not known', () => {
  const cheap = price({ input: 1, output: 2 })

  test('a missing total leaves the cost unknown', () => {
    expect(costOf({ inputTokens: 5 }, cheap)).toBeUndefined()
    expect(costOf({ outputTokens: 5 }, cheap)).toBeUndefined()
  })

  test('a kind without a rate leaves the cost unknown, unless it does not occur', () => {
    expect(costOf({ inputTokens: 5, outputTokens: 5, cacheWriteTokens: 1 }, cheap)).toBeUndefined()
    expect(costOf({ inputTokens: 5, outputTokens: 5, cacheWriteTokens: 0 }, cheap)).toBeDefined()
    expect(costOf({ inputTokens: 5, outputTokens: 1 }, price({ input: 1 }))).toBeUndefined()
    expect(nano({ inputTokens: 5, outputTokens: 0 }, price({ input: 1 }))).toBe(5_000)
  })

  test('cached input without a rate costs as input, audio as text, reasoning as output', () => {
    const usage = { inputTokens: 10, cacheReadTokens: 4, outputTokens: 10, reasoningTokens: 5, inputByModality: { audio: 3 } }
    expect(nano(usage, cheap)).toBe(30_000)
  })

  test('a service tier with rates of its own is unknown without them, any other name is the standard one', () => {
    const usage = { inputTokens: 10, outputTokens: 10 }
    const flexible = price({ input: 1, output: 2, service_tiers: { flex: { input: 0.5, output: 1 } } })
    expect(nano({ ...usage, serviceTier: 'flex' }, flexible)).toBe(15_000)
    expect(costOf({ ...usage, serviceTier: 'priority' }, flexible)).toBeUndefined()
    for (const serviceTier of ['default', 'standard', 'on_demand', 'constructor'])
      expect(nano({ ...usage, serviceTier }, flexible)).toBe(30_000)
  })

  test('counts that are none leave the cost unknown', () => {
    for (const count of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
      expect(costOf({ inputTokens: count, outputTokens: 1 }, cheap)).toBeUndefined()
      expect(costOf({ inputTokens: 1, outputTokens: count }, cheap)).toBeUndefined()
      expect(costOf({ inputTokens: 1, outputTokens: 1, cacheReadTokens: count }, cheap)).toBeUndefined()
    }
  })

  test('an explicit zero is free', () => {
    expect(nano({ inputTokens: 1_000, outputTokens: 1_000 }, price({ input: 0, output: 0 }))).toBe(0)
  })
})

test('parts that exceed their total are priced as reported', () => {
  const all = price({ input: 1, output: 1, cache_read: 0.1, cache_write_5m: 2 })
  expect(lines({ inputTokens: 10, cacheReadTokens: 100, cacheWriteTokens: 50, outputTokens: 0 }, all)).toEqual({
    cacheRead: 10_000,
    cacheWrite5m: 100_000,
  })
})

test('a fee for each request comes on top', () => {
  expect(lines({ inputTokens: 1, outputTokens: 1 }, price({ input: 1, output: 1, per_request: 0.005 }))).toEqual({
    input: 1_000,
    output: 1_000,
    request: 5_000_000,
  })
})

test('the exact sum is rounded once, half up', () => {
  // Each token costs half a nano-dollar.
  const tiny = price({ input: '0.0005', output: '0.0005' })
  expect(nano({ inputTokens: 1, outputTokens: 0 }, tiny)).toBe(1)
  expect(nano({ inputTokens: 1, outputTokens: 1 }, tiny)).toBe(1)
  expect(nano({ inputTokens: 2, outputTokens: 1 }, tiny)).toBe(2)
})
