import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { z } from 'zod'
import { GREETING, REASONING, TOKENS } from '../support/scripted-upstream-script.ts'
import { openStage, UPSTREAMS, type Stage } from './support/stage.ts'
import { PIXEL, resultFor, WEATHER } from './support/weather.ts'

type Message = OpenAI.ChatCompletionMessageParam
type Params = OpenAI.ChatCompletionCreateParamsNonStreaming

const TOOLS: OpenAI.ChatCompletionTool[] = [
  { type: 'function', function: { name: 'get_weather', description: 'Tells the weather', parameters: WEATHER } },
]
const Trip = z.object({ city: z.string(), days: z.number(), tags: z.array(z.string()), sunny: z.boolean() })

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => stage.expectOneUpstreamCallEach())
afterAll(() => stage.close())

const chat = () => stage.openai.chat.completions

/** A whole answer as its stream gives it, put together by hand as agents do. */
async function streamed(params: Params): Promise<{
  message: Message & OpenAI.ChatCompletionMessage
  usage: OpenAI.CompletionUsage | null | undefined
  finish: string | null
}> {
  const stream = await chat().create({ ...params, stream: true, stream_options: { include_usage: true } })
  const message: any = { role: 'assistant', content: null }
  let usage: OpenAI.CompletionUsage | null | undefined
  let finish: string | null = null
  for await (const chunk of stream) {
    usage = chunk.usage ?? usage
    for (const { delta, finish_reason: reason } of chunk.choices as any[]) {
      finish = reason ?? finish
      for (const field of ['content', 'reasoning_content'])
        if (delta[field]) message[field] = (message[field] ?? '') + delta[field]
      if (delta.reasoning_details) message.reasoning_details = [...(message.reasoning_details ?? []), ...delta.reasoning_details]
      for (const { index, id, function: made } of delta.tool_calls ?? []) {
        const call = ((message.tool_calls ??= [])[index] ??= {
          id,
          type: 'function',
          function: { name: made.name, arguments: '' },
        })
        call.function.arguments += made.arguments ?? ''
      }
    }
  }
  return { message, usage, finish }
}

async function buffered(params: Params): Promise<Awaited<ReturnType<typeof streamed>>> {
  const answer = await chat().create(params)
  const [choice] = answer.choices
  return { message: choice!.message as never, usage: answer.usage, finish: choice!.finish_reason }
}

/** Calls tools until there is a text; the messages go back as they came. */
async function loop(ask: typeof buffered, params: Params): Promise<{ text: string | null; turns: number; messages: Message[] }> {
  const messages = [...params.messages]
  for (let turns = 1; ; turns++) {
    const { message } = await ask({ ...params, messages })
    messages.push(message)
    if (message.tool_calls === undefined || message.tool_calls.length === 0) return { text: message.content, turns, messages }
    for (const call of message.tool_calls) {
      if (call.type === 'function')
        messages.push({ role: 'tool', tool_call_id: call.id, content: resultFor(JSON.parse(call.function.arguments)) })
    }
  }
}

const ASK: Message[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'What is the weather?' },
]

describe.each([...UPSTREAMS])('the openai SDK with chat.completions, in front of an upstream that speaks %s', (upstream) => {
  test('gets a text whole and streamed, with the same usage', async () => {
    const params = { model: `${upstream}/text`, messages: ASK }
    const whole = await buffered(params)
    const stream = await streamed(params)
    expect(whole.message).toMatchObject({ role: 'assistant', content: GREETING })
    expect(stream.message.content).toBe(GREETING)
    expect([whole.finish, stream.finish]).toEqual(['stop', 'stop'])
    expect(stream.usage).toEqual(whole.usage)
    expect(whole.usage).toMatchObject({
      prompt_tokens: TOKENS.input,
      completion_tokens: TOKENS.output,
      total_tokens: TOKENS.input + TOKENS.output,
      prompt_tokens_details: { cached_tokens: TOKENS.cached },
    })
  })

  test('gets the text from the stream helper, whose final completion is whole', async () => {
    const deltas: string[] = []
    const stream = chat().stream({ model: `${upstream}/text`, messages: ASK, stream_options: { include_usage: true } })
    stream.on('content.delta', ({ delta }) => deltas.push(delta))
    const completion = await stream.finalChatCompletion()
    expect(deltas.join('')).toBe(GREETING)
    expect(deltas.length).toBeGreaterThan(3)
    expect(completion.choices[0]!.message.content).toBe(GREETING)
    expect(completion.model).toBe(`${upstream}/text`)
    expect(await stream.totalUsage()).toMatchObject({ prompt_tokens: TOKENS.input, completion_tokens: TOKENS.output })
  })

  test('gets no usage in a stream that did not ask for it, and the record has it all the same', async () => {
    const stream = await chat().create({ model: `${upstream}/text`, messages: ASK, stream: true })
    const chunks = await Array.fromAsync(stream)
    expect(chunks.filter((chunk) => chunk.usage !== undefined && chunk.usage !== null)).toEqual([])
    expect(chunks.every((chunk) => chunk.choices.length === 1)).toBe(true)
    expect((await stage.lastRecord()).usage).toMatchObject({
      inputTokens: TOKENS.input,
      outputTokens: TOKENS.output,
      cacheReadTokens: TOKENS.cached,
    })
  })

  test('is told when the output limit ended the answer', async () => {
    const params = { model: `${upstream}/short`, messages: ASK, max_completion_tokens: 100 }
    expect([(await buffered(params)).finish, (await streamed(params)).finish]).toEqual(['length', 'length'])
  })

  test('brings its system and developer turns to the model in order', async () => {
    const messages: Message[] = [
      { role: 'system', content: 'One' },
      { role: 'developer', content: 'Two' },
      { role: 'user', content: 'Hi' },
    ]
    expect((await buffered({ model: `${upstream}/system`, messages })).message.content).toMatch(/^One[|\n]+Two$/)
  })

  test.each([
    ['whole', buffered],
    ['streamed', streamed],
  ] as const)('runs a loop of tool calls, %s', async (_manner, ask) => {
    const { text, turns, messages } = await loop(ask, { model: `${upstream}/tools`, messages: ASK, tools: TOOLS })
    expect(text).toBe('Paris: 18 °C; Oslo: 7 °C')
    expect(turns).toBe(3)
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool', 'assistant', 'tool', 'assistant'])
  })

  test('runs tools by itself with runTools', async () => {
    const runner = chat().runTools({
      model: `${upstream}/tools`,
      messages: ASK,
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'Tells the weather',
            parameters: WEATHER,
            parse: JSON.parse,
            function: resultFor,
          },
        },
      ],
    })
    expect(await runner.finalContent()).toBe('Paris: 18 °C; Oslo: 7 °C')
  })

  test.each([
    ['whole', buffered],
    ['streamed', streamed],
  ] as const)('gets parallel calls apart and gives their results back in any order, %s', async (_manner, ask) => {
    const params = { model: `${upstream}/parallel`, messages: ASK, tools: TOOLS }
    const { message, finish } = await ask(params)
    expect(finish).toBe('tool_calls')
    const calls = message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[]
    expect(calls.map((call) => JSON.parse(call.function.arguments).city)).toEqual(['Paris', 'Oslo', 'São Paulo'])
    const results = calls.map((call): Message => ({
      role: 'tool',
      tool_call_id: call.id,
      content: resultFor(JSON.parse(call.function.arguments)),
    }))
    const inOrder = await ask({ ...params, messages: [...ASK, message, ...results] })
    expect(inOrder.message.content).toBe('0: 18 °C; 1: 7 °C; 2: 25 °C')
    const reversed = await ask({ ...params, messages: [...ASK, message, ...results.toReversed()] })
    expect(reversed.message.content?.split('; ').toSorted()).toEqual(['0: 18 °C', '1: 7 °C', '2: 25 °C'])
  })

  test('gets structured output that fits the schema of the parse helper', async () => {
    const params = { model: `${upstream}/schema`, messages: ASK, response_format: zodResponseFormat(Trip, 'trip') }
    const whole = await chat().parse(params)
    const streamedAnswer = await chat().stream(params).finalChatCompletion()
    for (const answer of [whole, streamedAnswer]) {
      expect(answer.choices[0]!.message.parsed).toEqual({ city: 'grüße', days: 7, tags: ['grüße', 'grüße'], sunny: true })
    }
  })

  test.each([
    ['whole', buffered],
    ['streamed', streamed],
  ] as const)('gets reasoning and gives it back with its opaque state in a loop of tool calls, %s', async (_manner, ask) => {
    const { text, turns, messages } = await loop(ask, {
      model: `${upstream}/reasoning`,
      messages: ASK,
      tools: TOOLS,
      reasoning_effort: 'high',
    })
    expect(text).toBe('Paris: 18 °C; Oslo: 7 °C')
    expect(turns).toBe(3)
    const answers = messages.filter(({ role }) => role === 'assistant') as { reasoning_content?: string }[]
    expect(answers.map((answer) => answer.reasoning_content)).toEqual([REASONING, REASONING, REASONING])
  })

  test('brings images to the model, as data and as addresses', async () => {
    const url = 'https://images.example/cat.png?size=2&x=%20'
    const content: OpenAI.ChatCompletionContentPart[] = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
      { type: 'image_url', image_url: { url, detail: 'low' } },
    ]
    const { message } = await buffered({ model: `${upstream}/image`, messages: [{ role: 'user', content }] })
    expect(message.content).toBe(`image/png ${PIXEL}\n${url}`)
  })
})

describe('the openai SDK, in front of an upstream that refuses long calls that do not stream', () => {
  test('gets a whole answer of what was streamed, with the same usage', async () => {
    const ask = { model: 'messages/text', messages: ASK }
    const folded = await buffered({ ...ask, max_completion_tokens: 30_000 })
    expect(stage.upstream.requests.at(-1)?.json).toMatchObject({ stream: true, max_tokens: 30_000 })
    const plain = await buffered({ ...ask, max_completion_tokens: 1_000 })
    expect(stage.upstream.requests.at(-1)?.json).not.toMatchObject({ stream: true })
    expect(folded).toEqual(plain)
  })
})
