import { describe, expect, test } from 'bun:test'
import { CHAT, MESSAGES, RESPONSES, type ClientFormat } from '../../../test/support/client-formats.ts'
import { drained, testEngine } from '../../../test/support/engine-fixture.ts'
import type { Settlement } from '../../ir/settlement.ts'

type Json = Record<string, unknown>

/**
 * Invoices to the nano-dollar for the way in which each vendor reports usage. Rates are USD per million tokens as the vendors publish
 * them; each sum is worked out by hand beside the case.
 */
interface Invoice {
  readonly name: string
  readonly upstream: ClientFormat
  /** The usage object of the vendor's answer. */
  readonly usage: Json
  /** What its streams tell first, where they tell in two pieces. */
  readonly usageAtStart?: Json
  readonly price: Json
  readonly nanos: number
  readonly saved: number
  readonly providerNanos?: number
}

const GPT_5 = { input: 1.25, cache_read: 0.125, output: 10 }
const SONNET = {
  input: 3,
  output: 15,
  cache_read: 0.3,
  cache_write_5m: 3.75,
  cache_write_1h: 6,
  context_tiers: [{ above: 200_000, input: 6, output: 22.5, cache_read: 0.6, cache_write_5m: 7.5, cache_write_1h: 12 }],
  per_call: { web_search_requests: 0.01 },
}

const INVOICES: readonly Invoice[] = [
  {
    name: 'OpenAI Chat: cached tokens are within the prompt, reasoning is within the completion',
    upstream: CHAT,
    usage: {
      prompt_tokens: 2_006,
      completion_tokens: 300,
      total_tokens: 2_306,
      prompt_tokens_details: { cached_tokens: 1_920, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 192, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
    },
    price: GPT_5,
    // 86 × 1,250 + 1,920 × 125 + 300 × 10,000 = 107,500 + 240,000 + 3,000,000
    nanos: 3_347_500,
    // 1,920 × (1,250 − 125)
    saved: 2_160_000,
  },
  {
    name: 'OpenAI Responses: the same counts under other names',
    upstream: RESPONSES,
    usage: {
      input_tokens: 2_006,
      input_tokens_details: { cached_tokens: 1_920 },
      output_tokens: 300,
      output_tokens_details: { reasoning_tokens: 192 },
      total_tokens: 2_306,
    },
    price: GPT_5,
    nanos: 3_347_500,
    saved: 2_160_000,
  },
  {
    name: 'Anthropic: cache reads and writes of both lifetimes stand beside the input',
    upstream: MESSAGES,
    usage: {
      input_tokens: 50,
      cache_creation_input_tokens: 5_000,
      cache_read_input_tokens: 15_000,
      cache_creation: { ephemeral_5m_input_tokens: 2_000, ephemeral_1h_input_tokens: 3_000 },
      output_tokens: 400,
      server_tool_use: { web_search_requests: 2 },
      service_tier: 'standard',
    },
    price: SONNET,
    // 50 × 3,000 + 2,000 × 3,750 + 3,000 × 6,000 + 15,000 × 300 + 400 × 15,000 + 2 × 10,000,000
    nanos: 56_150_000,
    // 15,000 × 2,700 saved by reading, 2,000 × 750 and 3,000 × 3,000 paid for writing
    saved: 30_000_000,
  },
  {
    name: 'Anthropic: writing a cache that nobody reads costs more than none',
    upstream: MESSAGES,
    usage: { input_tokens: 0, cache_creation_input_tokens: 1_000, cache_read_input_tokens: 0, output_tokens: 10 },
    price: SONNET,
    // 1,000 × 3,750 + 10 × 15,000
    nanos: 3_900_000,
    saved: -750_000,
  },
  {
    name: 'Anthropic: cached tokens count towards the long context',
    upstream: MESSAGES,
    usage: { input_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 200_000, output_tokens: 10 },
    price: SONNET,
    // 1 × 6,000 + 200,000 × 600 + 10 × 22,500
    nanos: 120_231_000,
    // 200,000 × 5,400
    saved: 1_080_000_000,
  },
  {
    name: 'DeepSeek: cache hits and misses make up the prompt',
    upstream: CHAT,
    usage: {
      prompt_tokens: 1_234,
      completion_tokens: 567,
      total_tokens: 1_801,
      prompt_cache_hit_tokens: 1_024,
      prompt_cache_miss_tokens: 210,
    },
    price: { input: 0.28, cache_read: 0.028, output: 0.42 },
    // 1,024 × 28 + 210 × 280 + 567 × 420
    nanos: 325_612,
    saved: 258_048,
  },
  {
    name: 'xAI and Gemini over Chat: reasoning is reported beside the completion',
    upstream: CHAT,
    usage: {
      prompt_tokens: 1_000,
      completion_tokens: 50,
      total_tokens: 1_250,
      prompt_tokens_details: { cached_tokens: 400 },
      completion_tokens_details: { reasoning_tokens: 200 },
      cost_in_usd_ticks: 70_500_000,
    },
    price: { input: 3, cache_read: 0.75, output: 15 },
    // 600 × 3,000 + 400 × 750 + 250 × 15,000
    nanos: 5_850_000,
    saved: 900_000,
    providerNanos: 7_050_000,
  },
  {
    name: 'OpenRouter: its own word on the cost is kept beside ours',
    upstream: CHAT,
    usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30, cost: 0.000123456789 },
    price: { input: 1, output: 2 },
    nanos: 50_000,
    saved: 0,
    providerNanos: 123_457,
  },
  {
    name: 'audio in and out at its own rates',
    upstream: CHAT,
    usage: {
      prompt_tokens: 300,
      completion_tokens: 120,
      total_tokens: 420,
      prompt_tokens_details: { audio_tokens: 200, text_tokens: 100, cached_tokens: 0 },
      completion_tokens_details: { audio_tokens: 80, text_tokens: 40, reasoning_tokens: 0 },
    },
    price: { input: 2.5, output: 10, input_audio: 40, output_audio: 80 },
    // 100 × 2,500 + 200 × 40,000 + 40 × 10,000 + 80 × 80,000
    nanos: 15_050_000,
    saved: 0,
  },
]

const CLIENTS: readonly ClientFormat[] = [CHAT, MESSAGES, RESPONSES]

/** The vendor's frames with this usage in them. */
function framesWith(upstream: ClientFormat, usage: Json): string[] {
  return upstream.frames().map((frame) =>
    frame.replace(/^data: (\{.*\})$/m, (_line, text: string) => {
      const payload = JSON.parse(text) as Json
      if (upstream === CHAT && payload['usage'] !== null) payload['usage'] = usage
      const response = payload['response'] as Json | undefined
      if (response !== undefined && response['usage'] !== null) response['usage'] = usage
      const message = payload['message'] as Json | undefined
      // The beginning of a Messages stream tells the input and a first guess of the output.
      if (message !== undefined) message['usage'] = { ...usage, output_tokens: 1 }
      if (payload['type'] === 'message_delta') payload['usage'] = usage
      return `data: ${JSON.stringify(payload)}`
    }),
  )
}

async function settle(invoice: Invoice, client: ClientFormat, stream: boolean): Promise<Settlement> {
  const { upstream, usage, price } = invoice
  const tested = testEngine(
    {
      providers: [
        {
          id: 'vendor',
          type: 'openai_compatible',
          format: upstream.format,
          base_url: 'http://127.0.0.1:9/v1',
          auth_scheme: { kind: 'none' },
        },
      ],
    },
    () =>
      stream
        ? new Response(framesWith(upstream, usage).join(''), { headers: { 'content-type': 'text/event-stream' } })
        : Response.json({ ...upstream.whole(), usage }),
    { prices: { 'vendor/model': price } },
  )
  const answer = await tested.call(client, client.call('vendor/model', { stream }))
  if (answer.kind === 'stream') await drained(answer.stream)
  expect(tested.settled).toHaveLength(1)
  return tested.settled[0] as Settlement
}

describe.each(INVOICES)('$name', (invoice) => {
  test.each(CLIENTS)('is charged to the nano-dollar, whole and streamed, to a client of $format', async (client) => {
    for (const stream of [false, true]) {
      const settlement = await settle(invoice, client, stream)
      expect(settlement).toMatchObject({
        kind: 'settlement',
        outcome: 'success',
        streamed: stream,
        complete: true,
        nanos: invoice.nanos,
        saved_nanos: invoice.saved,
        price: { source: 'override', version: expect.stringMatching(/^sha256:/) as unknown as string },
      })
      expect(settlement.provider_nanos).toBe(invoice.providerNanos)
      const sum = settlement.lines?.reduce(
        (total, [kind, units, rate]) => total + units * (kind.startsWith('hostedTool') ? rate : rate / 1e6),
        0,
      )
      expect(sum).toBeCloseTo(invoice.nanos, 3)
    }
  })

  test('has the same usage whole and streamed', async () => {
    const [whole, streamed] = [await settle(invoice, CHAT, false), await settle(invoice, CHAT, true)]
    expect(streamed.usage).toEqual(whole.usage)
  })
})
