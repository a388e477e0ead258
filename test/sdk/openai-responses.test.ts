import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type OpenAI from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import { z } from 'zod'
import { GREETING, REASONING, TOKENS } from '../support/scripted-upstream-script.ts'
import { openStage, UPSTREAMS, type Stage } from './support/stage.ts'
import { PIXEL, resultFor, WEATHER } from './support/weather.ts'

type Params = OpenAI.Responses.ResponseCreateParamsNonStreaming
type Item = OpenAI.Responses.ResponseInputItem
type Answer = OpenAI.Responses.Response

const TOOLS: OpenAI.Responses.Tool[] = [
  { type: 'function', name: 'get_weather', description: 'Tells the weather', parameters: WEATHER, strict: true },
]
const Trip = z.object({ city: z.string(), days: z.number(), tags: z.array(z.string()), sunny: z.boolean() })

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => stage.expectOneUpstreamCallEach())
afterAll(() => stage.close())

const responses = () => stage.openai.responses
const buffered = (params: Params): Promise<Answer> => responses().create(params)
/** What the stream helper builds; `store` and the like are of the plain parameters' type. */
const streamed = (params: Params): Promise<Answer> =>
  responses()
    .stream(params as never)
    .finalResponse()
const MANNERS = [
  ['whole', buffered],
  ['streamed', streamed],
] as const

const ASK: Item[] = [
  { role: 'developer', content: 'Be brief.' },
  { role: 'user', content: [{ type: 'input_text', text: 'What is the weather?' }] },
]
/** As agents ask: the conversation stays with the client. */
const STATELESS = { store: false, include: ['reasoning.encrypted_content'] } satisfies Partial<Params>

const callsOf = (answer: Answer) => answer.output.filter((item) => item.type === 'function_call')
const outputsOf = (answer: Answer): Item[] =>
  callsOf(answer).map((call) => ({
    type: 'function_call_output',
    call_id: call.call_id,
    output: resultFor(JSON.parse(call.arguments)),
  }))

/** Output as it came, without what the SDK's own helpers have added to it: the API refuses that. */
const asInput = (answer: Answer): Item[] =>
  JSON.parse(
    JSON.stringify(answer.output, (key, value: unknown) => (key === 'parsed_arguments' || key === 'parsed' ? undefined : value)),
  )

/** Calls tools until there is a text. */
async function loop(ask: typeof buffered, params: Params): Promise<Answer[]> {
  const input: Item[] = [...(params.input as Item[])]
  const answers: Answer[] = []
  for (;;) {
    const answer = await ask({ ...params, input })
    answers.push(answer)
    const outputs = outputsOf(answer)
    if (outputs.length === 0) return answers
    input.push(...asInput(answer), ...outputs)
  }
}

describe.each([...UPSTREAMS])('the openai SDK with responses, in front of an upstream that speaks %s', (upstream) => {
  test('gets a text whole and streamed, with the same usage', async () => {
    const params = { ...STATELESS, model: `${upstream}/text`, input: ASK }
    const whole = await buffered(params)
    const stream = await streamed(params)
    for (const answer of [whole, stream]) {
      expect(answer).toMatchObject({
        object: 'response',
        status: 'completed',
        model: `${upstream}/text`,
        error: null,
        incomplete_details: null,
      })
      expect(answer.output_text).toBe(GREETING)
      expect(answer.usage).toMatchObject({
        input_tokens: TOKENS.input,
        output_tokens: TOKENS.output,
        total_tokens: TOKENS.input + TOKENS.output,
        input_tokens_details: { cached_tokens: TOKENS.cached },
        output_tokens_details: { reasoning_tokens: upstream === 'messages' ? 0 : TOKENS.reasoning },
      })
    }
    expect(stream.usage).toEqual(whole.usage)
  })

  test('gets a plain text for a plain text, with instructions beside it', async () => {
    const answer = await buffered({ model: `${upstream}/system`, instructions: 'One', input: 'Hi' })
    expect(answer.output_text).toBe('One')
    expect(answer.instructions).toBe('One')
  })

  test('gets the events of a raw stream numbered and in the order of the format', async () => {
    const stream = await responses().create({ ...STATELESS, model: `${upstream}/text`, input: ASK, stream: true })
    const events = await Array.fromAsync(stream)
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_event, index) => index))
    const types = events.map((event) => event.type)
    expect(types.filter((type, index) => type !== types[index - 1])).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
  })

  test('gets a text in many pieces from the stream helper', async () => {
    const pieces: string[] = []
    const stream = responses().stream({ ...STATELESS, model: `${upstream}/text`, input: ASK })
    stream.on('response.output_text.delta', ({ delta }) => pieces.push(delta))
    await stream.done()
    expect(pieces.join('')).toBe(GREETING)
    expect(pieces.length).toBeGreaterThan(3)
  })

  test('is told when the output limit ended the answer', async () => {
    for (const [, ask] of MANNERS) {
      const answer = await ask({ ...STATELESS, model: `${upstream}/short`, input: ASK, max_output_tokens: 100 })
      expect(answer).toMatchObject({
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output_text: 'Cut',
      })
    }
  })

  test.each(MANNERS)('runs a loop of tool calls, %s', async (_manner, ask) => {
    const answers = await loop(ask, { ...STATELESS, model: `${upstream}/tools`, input: ASK, tools: TOOLS })
    expect(answers).toHaveLength(3)
    expect(answers[2]!.output_text).toBe('Paris: 18 °C; Oslo: 7 °C')
  })

  test.each(MANNERS)('gets parallel calls apart and gives their results back in any order, %s', async (_manner, ask) => {
    const params = { ...STATELESS, model: `${upstream}/parallel`, input: ASK, tools: TOOLS, parallel_tool_calls: true }
    const answer = await ask(params)
    // What stands in front of calls that their vendor signs.
    const signed = upstream === 'gemini' ? ['reasoning' as const] : []
    expect(answer.output.map((item) => item.type)).toEqual([
      'message',
      ...signed,
      'function_call',
      'function_call',
      'function_call',
    ])
    const outputs = outputsOf(answer)
    expect(outputs.map((item) => (item as { output: string }).output)).toEqual(['18 °C', '7 °C', '25 °C'])
    const input = [...ASK, ...asInput(answer)]
    expect((await ask({ ...params, input: [...input, ...outputs] })).output_text).toBe('0: 18 °C; 1: 7 °C; 2: 25 °C')
    const reversed = await ask({ ...params, input: [...input, ...outputs.toReversed()] })
    expect(reversed.output_text.split('; ').toSorted()).toEqual(['0: 18 °C', '1: 7 °C', '2: 25 °C'])
  })

  test('gives calls and results back in pairs, as some agents do', async () => {
    const params = { ...STATELESS, model: `${upstream}/parallel`, input: ASK, tools: TOOLS }
    const answer = await buffered(params)
    const outputs = outputsOf(answer)
    const pairs = callsOf(answer).flatMap((call, index): Item[] => [call, outputs[index]!])
    expect((await buffered({ ...params, input: [...ASK, answer.output[0] as Item, ...pairs] })).output_text).toBe(
      '0: 18 °C; 1: 7 °C; 2: 25 °C',
    )
  })

  test('gets structured output that fits the schema of the parse helper', async () => {
    const params = { ...STATELESS, model: `${upstream}/schema`, input: ASK, text: { format: zodTextFormat(Trip, 'trip') } }
    const expected = { city: 'grüße', days: 7, tags: ['grüße', 'grüße'], sunny: true }
    expect((await responses().parse(params)).output_parsed).toEqual(expected)
    expect((await responses().stream(params).finalResponse()).output_parsed).toEqual(expected)
  })

  test.each(MANNERS)(
    'gets reasoning and gives it back with its opaque state in a loop of tool calls, %s',
    async (_manner, ask) => {
      const params: Params = {
        ...STATELESS,
        model: `${upstream}/reasoning`,
        input: ASK,
        tools: TOOLS,
        reasoning: { effort: 'high', summary: 'auto' },
      }
      const answers = await loop(ask, params)
      expect(answers).toHaveLength(3)
      expect(answers[2]!.output_text).toBe('Paris: 18 °C; Oslo: 7 °C')
      for (const { output } of answers) {
        const [reasoning] = output
        if (reasoning?.type !== 'reasoning') throw new Error('the answer does not begin with reasoning')
        expect(reasoning.summary.map((part) => part.text).join('')).toBe(REASONING)
        if (upstream !== 'chat') expect(reasoning.encrypted_content).toBeString()
      }
    },
  )

  test('brings images to the model, as data and as addresses', async () => {
    const url = 'https://images.example/cat.png?size=2&x=%20'
    const content: OpenAI.Responses.ResponseInputContent[] = [
      { type: 'input_text', text: 'What is this?' },
      { type: 'input_image', image_url: `data:image/png;base64,${PIXEL}`, detail: 'auto' },
      { type: 'input_image', image_url: url, detail: 'low' },
    ]
    const answer = await buffered({ ...STATELESS, model: `${upstream}/image`, input: [{ role: 'user', content }] })
    expect(answer.output_text).toBe(`image/png ${PIXEL}\n${url}`)
  })
})
