import type Anthropic from '@anthropic-ai/sdk'
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { GREETING, REASONING, TOKENS } from '../support/scripted-upstream-script.ts'
import { COUNTED_TOKENS } from '../support/scripted-upstream.ts'
import { openStage, UPSTREAMS, type Stage } from './support/stage.ts'
import { PIXEL, resultFor, WEATHER } from './support/weather.ts'

type Params = Anthropic.MessageCreateParamsNonStreaming

const TOOLS: Anthropic.Tool[] = [{ name: 'get_weather', description: 'Tells the weather', input_schema: WEATHER }]
const Trip = z.object({ city: z.string(), days: z.number(), tags: z.array(z.string()), sunny: z.boolean() })

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => stage.expectOneUpstreamCallEach())
afterAll(() => stage.close())

const messages = () => stage.anthropic.messages
const buffered = (params: Params): Promise<Anthropic.Message> => messages().create(params)
const streamed = (params: Params): Promise<Anthropic.Message> => messages().stream(params).finalMessage()
const MANNERS = [
  ['whole', buffered],
  ['streamed', streamed],
] as const

const ASK = {
  max_tokens: 4096,
  system: 'Be brief.',
  messages: [{ role: 'user', content: 'What is the weather?' }],
} satisfies Omit<Params, 'model'>

const resultsOf = (answer: Anthropic.Message): Anthropic.ToolResultBlockParam[] =>
  answer.content
    .filter((block) => block.type === 'tool_use')
    .map((block) => ({ type: 'tool_result', tool_use_id: block.id, content: resultFor(block.input as never) }))

const textOf = (answer: Anthropic.Message): string =>
  answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('')

/** Calls tools until there is a text; the content goes back as it came. */
async function loop(ask: typeof buffered, params: Params): Promise<Anthropic.Message[]> {
  const turns = [...params.messages]
  const answers: Anthropic.Message[] = []
  for (;;) {
    const answer = await ask({ ...params, messages: turns })
    answers.push(answer)
    const results = resultsOf(answer)
    if (results.length === 0) return answers
    turns.push({ role: 'assistant', content: answer.content }, { role: 'user', content: results })
  }
}

describe.each([...UPSTREAMS])('the Anthropic SDK, in front of an upstream that speaks %s', (upstream) => {
  const cacheWrite = upstream === 'messages' ? TOKENS.cacheWrite : 0
  // What stands in front of calls that their vendor signs.
  const signed = upstream === 'gemini' ? ['redacted_thinking' as const] : []

  test('gets a text whole and streamed, with the same usage', async () => {
    const params = { ...ASK, model: `${upstream}/text` }
    const whole = await buffered(params)
    const stream = await streamed(params)
    for (const answer of [whole, stream]) {
      expect(answer).toMatchObject({
        type: 'message',
        role: 'assistant',
        model: `${upstream}/text`,
        stop_reason: 'end_turn',
        stop_sequence: null,
      })
      expect(answer.content).toMatchObject([{ type: 'text', text: GREETING }])
      expect(answer.usage.input_tokens).toBe(TOKENS.input - TOKENS.cached - cacheWrite)
      expect(answer.usage.output_tokens).toBe(TOKENS.output)
      expect(answer.usage.cache_read_input_tokens).toBe(TOKENS.cached)
      expect(answer.usage.cache_creation_input_tokens ?? 0).toBe(cacheWrite)
    }
    expect(stream.usage).toEqual(whole.usage)
  })

  test('gets a text in many pieces from the stream helper', async () => {
    const pieces: string[] = []
    await messages()
      .stream({ ...ASK, model: `${upstream}/text` })
      .on('text', (piece) => pieces.push(piece))
      .done()
    expect(pieces.join('')).toBe(GREETING)
    expect(pieces.length).toBeGreaterThan(3)
  })

  test('gets the events of a raw stream in the order of the format', async () => {
    const stream = await messages().create({ ...ASK, model: `${upstream}/text`, stream: true })
    const types = (await Array.fromAsync(stream)).map((event) => event.type)
    expect(types.filter((type, index) => type !== types[index - 1])).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
  })

  test('is told when the output limit ended the answer', async () => {
    const params = { ...ASK, model: `${upstream}/short`, max_tokens: 100 }
    expect([(await buffered(params)).stop_reason, (await streamed(params)).stop_reason]).toEqual(['max_tokens', 'max_tokens'])
  })

  test('brings its system blocks to the model in order', async () => {
    const system: Anthropic.TextBlockParam[] = [
      { type: 'text', text: 'One' },
      { type: 'text', text: 'Two', cache_control: { type: 'ephemeral' } },
    ]
    expect(textOf(await buffered({ ...ASK, model: `${upstream}/system`, system }))).toMatch(/^One[|\n]+Two$/)
  })

  test.each(MANNERS)('runs a loop of tool calls, %s', async (_manner, ask) => {
    const answers = await loop(ask, { ...ASK, model: `${upstream}/tools`, tools: TOOLS })
    expect(answers.map((answer) => answer.stop_reason)).toEqual(['tool_use', 'tool_use', 'end_turn'])
    expect(textOf(answers[2]!)).toBe('Paris: 18 °C; Oslo: 7 °C')
  })

  test.each(MANNERS)('gets parallel calls apart and gives their results back, %s', async (_manner, ask) => {
    const params = { ...ASK, model: `${upstream}/parallel`, tools: TOOLS }
    const answer = await ask(params)
    expect(answer.stop_reason).toBe('tool_use')
    expect(answer.content.map((block) => block.type)).toEqual(['text', ...signed, 'tool_use', 'tool_use', 'tool_use'])
    const results = resultsOf(answer)
    expect(results.map((result) => result.content)).toEqual(['18 °C', '7 °C', '25 °C'])
    const turns: Anthropic.MessageParam[] = [
      ...(ASK.messages as Anthropic.MessageParam[]),
      { role: 'assistant', content: answer.content },
    ]
    const inOrder = await ask({ ...params, messages: [...turns, { role: 'user', content: results }] })
    expect(textOf(inOrder)).toBe('0: 18 °C; 1: 7 °C; 2: 25 °C')
    const withText: Anthropic.ContentBlockParam[] = [...results.toReversed(), { type: 'text', text: 'And?' }]
    const reversed = await ask({ ...params, messages: [...turns, { role: 'user', content: withText }] })
    expect(textOf(reversed).split('; ').toSorted()).toEqual(['0: 18 °C', '1: 7 °C', '2: 25 °C'])
  })

  test('tells the model that a tool failed, and shows it rich results', async () => {
    const params = { ...ASK, model: `${upstream}/parallel`, tools: TOOLS }
    const answer = await buffered(params)
    const [first, second, third] = resultsOf(answer)
    const content: Anthropic.ToolResultBlockParam[] = [
      { ...first!, is_error: true, content: 'no such city' },
      {
        ...second!,
        content: [
          { type: 'text', text: '7' },
          { type: 'text', text: ' °C' },
        ],
      },
      { ...third!, content: [] },
    ]
    const turns: Anthropic.MessageParam[] = [
      ...(ASK.messages as Anthropic.MessageParam[]),
      { role: 'assistant', content: answer.content },
      { role: 'user', content },
    ]
    const [one, two, three] = textOf(await buffered({ ...params, messages: turns })).split('; ')
    expect(one).toContain('no such city')
    expect(two?.replaceAll('\n', '')).toBe('1: 7 °C')
    expect(three).toStartWith('2:')
  })

  test('gets structured output that fits the schema of the parse helper', async () => {
    const params = { ...ASK, model: `${upstream}/schema`, output_config: { format: zodOutputFormat(Trip) } }
    expect((await messages().parse(params)).parsed_output).toEqual({
      city: 'grüße',
      days: 7,
      tags: ['grüße', 'grüße'],
      sunny: true,
    })
    const stream = await messages().stream(params).finalMessage()
    expect(stream.parsed_output).toEqual({ city: 'grüße', days: 7, tags: ['grüße', 'grüße'], sunny: true })
  })

  test.each(MANNERS)('gets thinking and gives it back with its signature in a loop of tool calls, %s', async (_manner, ask) => {
    const answers = await loop(ask, {
      ...ASK,
      model: `${upstream}/reasoning`,
      tools: TOOLS,
      thinking: { type: 'enabled', budget_tokens: 2048 },
    })
    expect(answers).toHaveLength(3)
    expect(textOf(answers[2]!)).toBe('Paris: 18 °C; Oslo: 7 °C')
    for (const { content } of answers) {
      const [thinking] = content
      expect(thinking).toMatchObject({ type: 'thinking', thinking: REASONING })
      expect((thinking as Anthropic.ThinkingBlock).signature).not.toBe('')
      // Gemini signs its calls, and each stands behind its signature; that of a last text stays behind.
      const isSigned = upstream === 'gemini' && content.some((block) => block.type === 'tool_use')
      expect(content.some((block) => block.type === 'redacted_thinking')).toBe(upstream === 'messages' || isSigned)
      expect(content.at(-1)?.type).not.toBe(upstream === 'gemini' ? 'redacted_thinking' : undefined)
    }
  })

  test('asks every upstream for reasoning when it thinks adaptively', async () => {
    const params = {
      ...ASK,
      model: `${upstream}/reasoning`,
      tools: TOOLS,
      thinking: { type: 'adaptive' as const },
      output_config: { effort: 'high' as const },
    }
    expect((await buffered(params)).content[0]).toMatchObject({ type: 'thinking', thinking: REASONING })
  })

  test('brings images to the model, as data and as addresses', async () => {
    const url = 'https://images.example/cat.png?size=2&x=%20'
    const content: Anthropic.ContentBlockParam[] = [
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
      { type: 'image', source: { type: 'url', url } },
      { type: 'text', text: 'What is this?' },
    ]
    expect(textOf(await buffered({ ...ASK, model: `${upstream}/image`, messages: [{ role: 'user', content }] }))).toBe(
      `image/png ${PIXEL}\n${url}`,
    )
  })
})

describe('the Anthropic SDK, in front of its own vendor', () => {
  test('sends its betas through, and the query that comes with them', async () => {
    const answer = await stage.anthropic.beta.messages.create({
      ...ASK,
      model: 'messages/text',
      betas: ['interleaved-thinking-2025-05-14', 'files-api-2025-04-14'],
    })
    expect(answer.content).toMatchObject([{ type: 'text', text: GREETING }])
    const [request] = stage.upstream.requests.slice(-1)
    expect(request?.headers['anthropic-beta']?.split(',').toSorted()).toEqual([
      'files-api-2025-04-14',
      'interleaved-thinking-2025-05-14',
    ])
  })

  test('counts tokens with the vendor', async () => {
    const counted = await messages().countTokens({
      model: 'messages/text',
      messages: ASK.messages,
      tools: TOOLS,
    })
    expect(counted.input_tokens).toBe(COUNTED_TOKENS)
    const [request] = stage.upstream.requests.slice(-1)
    expect(request?.path).toStartWith('/v1/messages/count_tokens')
    expect(request?.json).toMatchObject({ model: 'text', messages: ASK.messages, tools: TOOLS })
  })
})

describe('the Anthropic SDK, in front of other vendors', () => {
  test('keeps its betas from them', async () => {
    await stage.anthropic.beta.messages.create({ ...ASK, model: 'responses/text', betas: ['interleaved-thinking-2025-05-14'] })
    const [request] = stage.upstream.requests.slice(-1)
    expect(Object.keys(request!.headers).filter((name) => name.startsWith('anthropic'))).toEqual([])
  })
})
