import type Anthropic from '@anthropic-ai/sdk'
import type { Content } from '@google/genai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type OpenAI from 'openai'
import { openStage, UPSTREAMS, type Stage } from './support/stage.ts'
import { resultFor, WEATHER } from './support/weather.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => stage.expectOneUpstreamCallEach())
afterAll(() => stage.close())

/** Asks the first model, which thinks and calls a tool; then the second one with all of that, and the result. Gives its text. */
type Handover = (first: string, second: string) => Promise<string | null>

const CLIENTS: Readonly<Record<string, Handover>> = {
  'chat.completions': async (first, second) => {
    const { completions } = stage.openai.chat
    const tools: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: { name: 'get_weather', parameters: WEATHER } }]
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'What is the weather?' }]
    const params = { tools, reasoning_effort: 'high' as const }
    const answer = await completions.create({ ...params, model: first, messages })
    const message = answer.choices[0]!.message
    const [call] = message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[]
    messages.push(message, { role: 'tool', tool_call_id: call!.id, content: resultFor(JSON.parse(call!.function.arguments)) })
    return (await completions.create({ ...params, model: second, messages })).choices[0]!.message.content
  },
  responses: async (first, second) => {
    const tools: OpenAI.Responses.Tool[] = [{ type: 'function', name: 'get_weather', parameters: WEATHER, strict: true }]
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: 'What is the weather?' }]
    const params = {
      tools,
      store: false,
      include: ['reasoning.encrypted_content' as const],
      reasoning: { effort: 'high' as const },
    }
    const answer = await stage.openai.responses.create({ ...params, model: first, input })
    const call = answer.output.find((item) => item.type === 'function_call')!
    input.push(...(answer.output as OpenAI.Responses.ResponseInputItem[]))
    input.push({ type: 'function_call_output', call_id: call.call_id, output: resultFor(JSON.parse(call.arguments)) })
    return (await stage.openai.responses.create({ ...params, model: second, input })).output_text
  },
  messages: async (first, second) => {
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'What is the weather?' }]
    const params = {
      max_tokens: 8000,
      tools: [{ name: 'get_weather', input_schema: WEATHER }],
      thinking: { type: 'enabled', budget_tokens: 2048 } as const,
    }
    const answer = await stage.anthropic.messages.create({ ...params, model: first, messages })
    const call = answer.content.find((block) => block.type === 'tool_use')!
    messages.push({ role: 'assistant', content: answer.content })
    messages.push({
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: call.id, content: resultFor(call.input as never) }],
    })
    const [block] = (await stage.anthropic.messages.create({ ...params, model: second, messages })).content
    return block?.type === 'text' ? block.text : null
  },
  google: async (first, second) => {
    const { models } = stage.google
    const contents: Content[] = [{ role: 'user', parts: [{ text: 'What is the weather?' }] }]
    const config = {
      tools: [{ functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: WEATHER }] }],
      thinkingConfig: { thinkingBudget: 2048, includeThoughts: true },
      maxOutputTokens: 8000,
    }
    const answer = await models.generateContent({ model: first, contents, config })
    const [call] = answer.functionCalls!
    contents.push(answer.candidates![0]!.content!)
    const functionResponse = { ...call!, response: { output: resultFor(call!.args as never) } }
    delete functionResponse.args
    contents.push({ role: 'user', parts: [{ functionResponse }] })
    return (await models.generateContent({ model: second, contents, config })).text ?? null
  },
}

const PAIRS = UPSTREAMS.flatMap((first) => UPSTREAMS.map((second) => [first, second] as const))

describe.each(Object.keys(CLIENTS))('a conversation of a client of %s', (client) => {
  test.each(PAIRS)('that %s has begun, with its reasoning and its ids, is taken over by %s', async (first, second) => {
    expect(await CLIENTS[client]!(`${first}/reasoning`, `${second}/adopt`)).toBe('Paris: 18 °C')
  })
})

describe('an untidy history of a Chat client', () => {
  const call = (id: string, city: string): OpenAI.ChatCompletionMessageToolCall => ({
    id,
    type: 'function',
    function: { name: 'get_weather', arguments: JSON.stringify({ city }) },
  })
  const params = {
    tools: [{ type: 'function', function: { name: 'get_weather', parameters: WEATHER } }],
  } satisfies Partial<OpenAI.ChatCompletionCreateParams>

  test.each(['responses', 'messages', 'gemini'] as const)(
    'with turns between calls and results is put in order for %s',
    async (upstream) => {
      const messages: OpenAI.ChatCompletionMessageParam[] = [
        { role: 'user', content: 'What is the weather?' },
        { role: 'assistant', content: '', tool_calls: [call('call.1/a', 'Paris'), call('call.1/b', 'Oslo')] },
        { role: 'tool', tool_call_id: 'call.1/b', content: '7 °C' },
        { role: 'system', content: 'Be brief.' },
        { role: 'tool', tool_call_id: 'call.1/a', content: '18 °C' },
        { role: 'user', content: 'And?' },
      ]
      const answer = await stage.openai.chat.completions.create({ ...params, model: `${upstream}/adopt`, messages })
      expect(answer.choices[0]!.message.content).toMatch(/^Paris: 18 °C; Oslo: 7 °C/)
    },
  )

  test.each(['responses', 'messages', 'gemini'] as const)(
    'with a call that was never answered is accepted by %s',
    async (upstream) => {
      const messages: OpenAI.ChatCompletionMessageParam[] = [
        { role: 'user', content: 'What is the weather?' },
        { role: 'assistant', content: null, tool_calls: [call('call_1', 'Paris'), call('call_2', 'Oslo')] },
        { role: 'tool', tool_call_id: 'call_1', content: '18 °C' },
        { role: 'user', content: 'Never mind the other one.' },
      ]
      const answer = await stage.openai.chat.completions.create({ ...params, model: `${upstream}/adopt`, messages })
      expect(answer.choices[0]!.message.content).toMatch(/^Paris: 18 °C; Oslo: \S/)
    },
  )
})
