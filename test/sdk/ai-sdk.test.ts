import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  generateObject,
  generateText,
  jsonSchema,
  stepCountIs,
  streamObject,
  streamText,
  tool,
  type LanguageModel,
  type ModelMessage,
} from 'ai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { GREETING, REASONING, TOKENS } from '../support/scripted-upstream-script.ts'
import { openStage, UPSTREAMS, type Stage, type Upstream } from './support/stage.ts'
import { PIXEL, resultFor, WEATHER } from './support/weather.ts'

const Trip = z.object({ city: z.string(), days: z.number(), tags: z.array(z.string()), sunny: z.boolean() })
const TRIP = { city: 'grüße', days: 7, tags: ['grüße', 'grüße'], sunny: true }

// Deprecated calls are tried on purpose: they are what most programs still use.
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => stage.expectOneUpstreamCallEach())
afterAll(() => stage.close())

type ProviderOptions = Record<
  string,
  Record<string, string | boolean | number | string[] | { type: string; budgetTokens: number }>
>

/** How each client asks for reasoning. */
const REASONING_OPTIONS: Readonly<Record<string, ProviderOptions>> = {
  'openai.chat': { openai: { reasoningEffort: 'high', forceReasoning: true } },
  'openai.responses': {
    openai: {
      store: false,
      include: ['reasoning.encrypted_content'],
      reasoningEffort: 'high',
      reasoningSummary: 'auto',
      forceReasoning: true,
    },
  },
  anthropic: { anthropic: { thinking: { type: 'enabled', budgetTokens: 2048 } } },
  'openai-compatible': { compatible: { reasoningEffort: 'high' } },
}

const CLIENTS: Readonly<Record<string, (name: string) => LanguageModel>> = {
  'openai.chat': (name) =>
    createOpenAI({ baseURL: `${stage.url}/v1`, apiKey: 'sk-of-the-client', fetch: stage.fetch }).chat(name),
  'openai.responses': (name) =>
    createOpenAI({ baseURL: `${stage.url}/v1`, apiKey: 'sk-of-the-client', fetch: stage.fetch }).responses(name),
  anthropic: (name) => createAnthropic({ baseURL: `${stage.url}/v1`, apiKey: 'sk-of-the-client', fetch: stage.fetch })(name),
  'openai-compatible': (name) =>
    createOpenAICompatible({
      name: 'compatible',
      baseURL: `${stage.url}/v1`,
      apiKey: 'sk-of-the-client',
      fetch: stage.fetch,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })(name),
}
const MATRIX = Object.keys(CLIENTS).flatMap((client) => UPSTREAMS.map((upstream): [string, Upstream] => [client, upstream]))

const TOOLS = {
  get_weather: tool({
    description: 'Tells the weather',
    inputSchema: jsonSchema<Parameters<typeof resultFor>[0]>(WEATHER),
    execute: resultFor,
  }),
}

describe.each(MATRIX)('the AI SDK with %s, in front of an upstream that speaks %s', (client, upstream) => {
  const options = (model: string) => ({
    model: CLIENTS[client]!(`${upstream}/${model}`),
    maxRetries: 0,
    maxOutputTokens: 4096,
    // Stateless, as most that keep the conversation themselves.
    providerOptions: (client === 'openai.responses' ? { openai: { store: false } } : {}) as ProviderOptions,
  })
  const loop = (model: string) => ({ ...options(model), prompt: 'What is the weather?', tools: TOOLS, stopWhen: stepCountIs(5) })

  test('gets a text whole and streamed, with the same usage', async () => {
    const whole = await generateText({ ...options('text'), instructions: 'Be brief.', prompt: 'Hi' })
    const stream = streamText({ ...options('text'), instructions: 'Be brief.', prompt: 'Hi' })
    const pieces = await Array.fromAsync(stream.textStream)
    expect(whole.text).toBe(GREETING)
    expect(pieces.join('')).toBe(GREETING)
    expect(pieces.length).toBeGreaterThan(3)
    expect([whole.finishReason, await stream.finishReason]).toEqual(['stop', 'stop'])
    const { raw: _raw, ...usage } = whole.usage
    expect(usage).toMatchObject({
      inputTokens: TOKENS.input,
      outputTokens: TOKENS.output,
      inputTokenDetails: { cacheReadTokens: TOKENS.cached },
    })
    expect(await stream.usage).toMatchObject(usage)
  })

  test('runs a loop of tool calls, whole and streamed', async () => {
    const whole = await generateText(loop('tools'))
    expect(whole.text).toBe('Paris: 18 °C; Oslo: 7 °C')
    expect(whole.steps).toHaveLength(3)
    const stream = streamText(loop('tools'))
    expect(await stream.text).toBe('Paris: 18 °C; Oslo: 7 °C')
    expect(await stream.steps).toHaveLength(3)
  })

  test('runs parallel tool calls, whole and streamed', async () => {
    const whole = await generateText(loop('parallel'))
    expect(whole.steps[0]?.toolCalls.map((call) => (call.input as { city: string }).city)).toEqual(['Paris', 'Oslo', 'São Paulo'])
    expect(whole.text).toBe('0: 18 °C; 1: 7 °C; 2: 25 °C')
    expect(await streamText(loop('parallel')).text).toBe('0: 18 °C; 1: 7 °C; 2: 25 °C')
  })

  test.each(client === 'anthropic' ? (['outputFormat', 'jsonTool'] as const) : (['auto'] as const))(
    'gets objects that fit their schema, whole and streamed, in mode %s',
    async (structuredOutputMode) => {
      const ask = {
        ...options('schema'),
        schema: Trip,
        prompt: 'A trip',
        providerOptions: { ...options('schema').providerOptions, anthropic: { structuredOutputMode } },
      }
      expect((await generateObject(ask)).object).toEqual(TRIP)
      const stream = streamObject(ask)
      expect((await Array.fromAsync(stream.partialObjectStream)).at(-1)).toEqual(TRIP)
    },
  )

  const keepsReasoning = client === 'openai-compatible' ? upstream === 'chat' : client !== 'openai.chat'
  if (keepsReasoning) {
    test('gets reasoning and gives it back with its opaque state in a loop of tool calls, whole and streamed', async () => {
      const whole = await generateText({ ...loop('reasoning'), providerOptions: REASONING_OPTIONS[client]! })
      expect(whole.text).toBe('Paris: 18 °C; Oslo: 7 °C')
      for (const step of whole.steps) expect(step.reasoningText?.trim()).toBe(REASONING)
      const stream = streamText({ ...loop('reasoning'), providerOptions: REASONING_OPTIONS[client]! })
      expect(await stream.text).toBe('Paris: 18 °C; Oslo: 7 °C')
      for (const step of await stream.steps) expect(step.reasoningText?.trim()).toBe(REASONING)
    })
  } else {
    test('finishes a loop of tool calls with reasoning although it cannot give it back', async () => {
      const ask = { ...loop('forgetful'), providerOptions: REASONING_OPTIONS[client]! }
      expect((await generateText(ask)).text).toBe('Paris: 18 °C; Oslo: 7 °C')
      expect(await streamText(ask).text).toBe('Paris: 18 °C; Oslo: 7 °C')
    })
  }

  test('brings images to the model, as data and as addresses', async () => {
    // This client would fetch an address itself.
    const urls = client === 'openai-compatible' ? [] : ['https://images.example/cat.png?size=2']
    const files = [PIXEL, ...urls.map((url) => new URL(url))].map(
      (data) => ({ type: 'file', mediaType: 'image/png', data }) as const,
    )
    const messages: ModelMessage[] = [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, ...files] }]
    const { text } = await generateText({ ...options('image'), messages })
    expect(text).toBe([`image/png ${PIXEL}`, ...urls].join('\n'))
  })
})

describe('the AI SDK with openai.responses and its default of stored items', () => {
  const ask = (upstream: Upstream) => ({
    model: CLIENTS['openai.responses']!(`${upstream}/parallel`),
    maxRetries: 0,
    prompt: 'Hi',
    tools: TOOLS,
    stopWhen: stepCountIs(5),
  })

  test('refers to what an upstream of the same format has kept', async () => {
    const { text } = await generateText(ask('responses'))
    expect(text).toBe('0: 18 °C; 1: 7 °C; 2: 25 °C')
    expect(stage.upstream.requests.at(-1)?.text).toContain('"item_reference"')
  })
})
