import {
  ApiError,
  FunctionCallingConfigMode,
  ThinkingLevel,
  type Content,
  type GenerateContentParameters,
  type GenerateContentResponse,
  type Part,
} from '@google/genai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { wordingOf } from '../support/scripted-upstream-errors.ts'
import { GREETING, REASONING, TOKENS } from '../support/scripted-upstream-script.ts'
import { COUNTED_TOKENS } from '../support/scripted-upstream.ts'
import { FORMATS, openStage, UPSTREAMS, type Stage } from './support/stage.ts'
import { PIXEL, resultFor, WEATHER } from './support/weather.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => stage.expectOneUpstreamCallEach())
afterAll(() => stage.close())

/** An answer as a client keeps it: every part as it came, and what the last chunk says. */
interface Answer {
  readonly parts: Part[]
  readonly last: GenerateContentResponse
}

type Ask = (params: GenerateContentParameters) => Promise<Answer>

const partsOf = (response: GenerateContentResponse): Part[] => response.candidates?.[0]?.content?.parts ?? []
const whole: Ask = async (params) => {
  const last = await stage.google.models.generateContent(params)
  return { parts: partsOf(last), last }
}
const streamed: Ask = async (params) => {
  const chunks = await Array.fromAsync(await stage.google.models.generateContentStream(params))
  return { parts: chunks.flatMap(partsOf), last: chunks.at(-1)! }
}
const MANNERS = [
  ['whole', whole],
  ['streamed', streamed],
] as const

const TOOLS = [
  { functionDeclarations: [{ name: 'get_weather', description: 'Tells the weather', parametersJsonSchema: WEATHER }] },
]
const asked: Content = { role: 'user', parts: [{ text: 'What is the weather?' }] }

const textOf = ({ parts }: Answer, thought = false): string =>
  parts.map((part) => ((part.thought === true) === thought ? (part.text ?? '') : '')).join('')
const callsOf = ({ parts }: Answer) => parts.flatMap(({ functionCall }) => (functionCall === undefined ? [] : [functionCall]))
const resultsOf = (answer: Answer): Part[] =>
  callsOf(answer).map(({ id, name, args }) => ({
    functionResponse: { ...(id === undefined ? {} : { id }), name: name!, response: { output: resultFor(args as never) } },
  }))

/** Calls functions until there is a text; the parts go back as they came. */
async function loop(ask: Ask, params: GenerateContentParameters): Promise<Answer[]> {
  const contents = [asked]
  const answers: Answer[] = []
  for (;;) {
    const answer = await ask({ ...params, contents })
    answers.push(answer)
    const results = resultsOf(answer)
    if (results.length === 0) return answers
    contents.push({ role: 'model', parts: answer.parts }, { role: 'user', parts: results })
  }
}

describe.each([...UPSTREAMS])('the Google SDK, in front of an upstream that speaks %s', (upstream) => {
  test.each(MANNERS)('gets a text and its usage, %s', async (_manner, ask) => {
    const answer = await ask({ model: `${upstream}/text`, contents: 'Hi', config: { systemInstruction: 'Be brief.' } })
    expect(textOf(answer)).toBe(GREETING)
    expect(answer.last.candidates?.[0]?.finishReason as string).toBe('STOP')
    expect(answer.last.modelVersion).toBe(`${upstream}/text`)
    expect(answer.last.responseId).toBeString()
    const { promptTokenCount, candidatesTokenCount, thoughtsTokenCount, cachedContentTokenCount, totalTokenCount } =
      answer.last.usageMetadata!
    expect({
      promptTokenCount,
      output: candidatesTokenCount! + (thoughtsTokenCount ?? 0),
      cachedContentTokenCount,
      totalTokenCount,
    }).toEqual({
      promptTokenCount: TOKENS.input,
      output: TOKENS.output,
      cachedContentTokenCount: TOKENS.cached,
      totalTokenCount: TOKENS.input + TOKENS.output,
    })
  })

  test('gets a text in many pieces', async () => {
    const stream = await stage.google.models.generateContentStream({ model: `${upstream}/text`, contents: 'Hi' })
    const pieces = (await Array.fromAsync(stream)).map((chunk) => chunk.text ?? '').filter((text) => text !== '')
    expect(pieces.join('')).toBe(GREETING)
    expect(pieces.length).toBeGreaterThan(3)
  })

  test.each(MANNERS)('is told when the output limit ended the answer, %s', async (_manner, ask) => {
    const answer = await ask({ model: `${upstream}/short`, contents: 'Hi', config: { maxOutputTokens: 100 } })
    expect(answer.last.candidates?.[0]?.finishReason as string).toBe('MAX_TOKENS')
  })

  test('brings its system instruction to the model in order', async () => {
    const config = { systemInstruction: { parts: [{ text: 'One' }, { text: 'Two' }] } }
    expect(textOf(await whole({ model: `${upstream}/system`, contents: 'Hi', config }))).toMatch(/^One[|\n]+Two$/)
  })

  test.each(MANNERS)('runs a loop of function calls, %s', async (_manner, ask) => {
    const answers = await loop(ask, { model: `${upstream}/tools`, contents: [], config: { tools: TOOLS } })
    expect(answers).toHaveLength(3)
    expect(callsOf(answers[0]!)).toMatchObject([{ name: 'get_weather', args: { city: 'Paris', days: 3 } }])
    expect(textOf(answers[2]!)).toBe('Paris: 18 °C; Oslo: 7 °C')
  })

  test.each(MANNERS)('gets parallel calls apart and gives their results back, %s', async (_manner, ask) => {
    const params = { model: `${upstream}/parallel`, config: { tools: TOOLS } }
    const answer = await ask({ ...params, contents: [asked] })
    expect(textOf(answer)).toBe('Looking.')
    const results = resultsOf(answer)
    expect(results.map(({ functionResponse }) => functionResponse?.response?.['output'])).toEqual(['18 °C', '7 °C', '25 °C'])
    const contents: Content[] = [asked, { role: 'model', parts: answer.parts }]
    const inOrder = await ask({ ...params, contents: [...contents, { role: 'user', parts: results }] })
    expect(textOf(inOrder)).toBe('0: 18 °C; 1: 7 °C; 2: 25 °C')
    const reversed = await ask({ ...params, contents: [...contents, { role: 'user', parts: results.toReversed() }] })
    expect(textOf(reversed).split('; ').toSorted()).toEqual(['0: 18 °C', '1: 7 °C', '2: 25 °C'])
  })

  test('keeps a chat going by itself, functions included', async () => {
    const chat = stage.google.chats.create({ model: `${upstream}/tools`, config: { tools: TOOLS } })
    let response = await chat.sendMessage({ message: 'What is the weather?' })
    while (response.functionCalls !== undefined) {
      response = await chat.sendMessage({ message: resultsOf({ parts: partsOf(response), last: response }) })
    }
    expect(response.text).toBe('Paris: 18 °C; Oslo: 7 °C')
  })

  test('keeps a chat going whose answers are streamed, thoughts included', async () => {
    const thinkingConfig = { thinkingLevel: ThinkingLevel.HIGH, includeThoughts: true }
    const chat = stage.google.chats.create({ model: `${upstream}/reasoning`, config: { tools: TOOLS, thinkingConfig } })
    let message: string | Part[] = 'What is the weather?'
    for (let turn = 0; turn < 3; turn++) {
      const chunks = await Array.fromAsync(await chat.sendMessageStream({ message }))
      message = resultsOf({ parts: chunks.flatMap(partsOf), last: chunks.at(-1)! })
      if (message.length === 0) expect(chunks.map(({ text }) => text ?? '').join('')).toBe('Paris: 18 °C; Oslo: 7 °C')
    }
    expect(message).toEqual([])
  })

  test('is able to force a call', async () => {
    const toolConfig = { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['get_weather'] } }
    const answer = await whole({ model: `${upstream}/parallel`, contents: [asked], config: { tools: TOOLS, toolConfig } })
    expect(callsOf(answer).length).toBe(3)
  })

  test.each(MANNERS)('gets structured output that fits its schema, %s', async (_manner, ask) => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' }, sunny: { type: 'boolean' } },
      required: ['city', 'days', 'sunny'],
      additionalProperties: false,
    }
    const config = { responseMimeType: 'application/json', responseJsonSchema: schema }
    const answer = await ask({ model: `${upstream}/schema`, contents: 'A trip', config })
    expect(JSON.parse(textOf(answer))).toEqual({ city: 'grüße', days: 7, sunny: true })
  })

  test.each(MANNERS)('gets thoughts and gives them back with their signatures in a loop of calls, %s', async (_manner, ask) => {
    const thinkingConfig = { thinkingLevel: ThinkingLevel.HIGH, includeThoughts: true }
    const answers = await loop(ask, { model: `${upstream}/reasoning`, contents: [], config: { tools: TOOLS, thinkingConfig } })
    expect(answers).toHaveLength(3)
    expect(textOf(answers[2]!)).toBe('Paris: 18 °C; Oslo: 7 °C')
    for (const answer of answers) {
      expect(textOf(answer, true)).toBe(REASONING)
      const signatures = answer.parts.flatMap(({ thoughtSignature }) =>
        thoughtSignature === undefined ? [] : [thoughtSignature],
      )
      // Bytes for every client that knows the format: the SDKs for other languages decode them.
      for (const signature of signatures)
        expect(signature).toMatch(
          /^(?:[A-Za-z0-9+/]+={0,2}|skip_thought_signature_validator|CiQBscripted\+thought\/signature==)$/,
        )
    }
  })

  test('asks for thoughts in tokens as well', async () => {
    const config = { tools: TOOLS, thinkingConfig: { thinkingBudget: 2048, includeThoughts: true }, maxOutputTokens: 8000 }
    expect(textOf(await whole({ model: `${upstream}/reasoning`, contents: [asked], config }), true)).toBe(REASONING)
  })

  test('brings images to the model, as data and as addresses', async () => {
    const fileUri = 'https://images.example/cat.png?size=2&x=%20'
    const parts: Part[] = [
      { inlineData: { mimeType: 'image/png', data: PIXEL } },
      { fileData: { mimeType: 'image/png', fileUri } },
      { text: 'What is this?' },
    ]
    expect(textOf(await whole({ model: `${upstream}/image`, contents: [{ role: 'user', parts }] }))).toBe(
      `image/png ${PIXEL}\n${fileUri}`,
    )
  })
})

describe('the Google SDK, in front of its own vendor', () => {
  test('counts tokens with the vendor', async () => {
    const counted = await stage.google.models.countTokens({ model: 'gemini/text', contents: [asked] })
    expect(counted.totalTokens).toBe(COUNTED_TOKENS)
    const [request] = stage.upstream.requests.slice(-1)
    expect(request?.path).toBe('/v1beta/models/text:countTokens')
  })

  test('sends bodies and gets answers as they are, with the model in the address alone', async () => {
    const config = { temperature: 0.25, safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }] as never }
    const response = await stage.google.models.generateContent({ model: 'gemini/text', contents: 'Hi', config })
    const [request] = stage.upstream.requests.slice(-1)
    expect(request?.path).toBe('/v1beta/models/text:generateContent')
    expect(request?.json).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      generationConfig: { temperature: 0.25 },
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }],
    })
    expect(response.usageMetadata?.promptTokensDetails).toEqual([{ modality: 'TEXT', tokenCount: TOKENS.input }] as never)
    expect((await stage.lastRecord()).attempts).toMatchObject([{ passthrough: true }])
  })
})

/** What a call throws. */
async function thrownBy(call: Promise<unknown>): Promise<ApiError> {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (thrown instanceof ApiError) return thrown
  throw new Error('the call did not fail as it should', { cause: thrown })
}

const FAILURES = ['fail-400', 'fail-401', 'fail-429', 'fail-500', 'fail-overloaded', 'fail-context'] as const
const STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  529: 'UNAVAILABLE',
}
const MATRIX = UPSTREAMS.flatMap((upstream) =>
  FAILURES.flatMap((failure) => (['whole', 'streamed'] as const).map((manner) => [failure, upstream, manner] as const)),
)

describe('errors, as the Google SDK tells them', () => {
  // A failure locks the account it happened with, so each test has a gateway of its own.
  let own: Stage
  beforeEach(async () => {
    own = await openStage()
    await stage.google.models.generateContent({ model: 'chat/text', contents: 'Hi' })
  })
  afterEach(async () => {
    own.expectOneUpstreamCallEach()
    await own.close()
  })

  test.each(MATRIX)('%s of an upstream that speaks %s, asked for a %s answer', async (failure, upstream, manner) => {
    const { models } = own.google
    const params = { model: `${upstream}/${failure}`, contents: 'Hi' }
    const thrown = await thrownBy(manner === 'whole' ? models.generateContent(params) : models.generateContentStream(params))
    const { error } = JSON.parse(thrown.message) as {
      error: { code: number; status: string; message: string; details: unknown[] }
    }
    expect(error.code).toBe(thrown.status)
    expect(error.status).toBe(STATUS[thrown.status]!)
    if (failure === 'fail-401') expect(error.message).toContain('refused the credential of this gateway')
    else if (failure === 'fail-context')
      expect(error.message).toMatch(/^The input token count \(\d+\) exceeds the maximum number of tokens/)
    else expect(error.message).toContain(wordingOf(FORMATS[upstream], failure)!.message)
    const delay = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' }
    if (failure === 'fail-429') expect(error.details).toContainEqual(delay)
    else expect(JSON.stringify(error.details)).not.toContain('RetryInfo')
    const { request_id: requestId } = await own.lastRecord()
    expect(error.details).toContainEqual({ '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId })
  })

  test.each(UPSTREAMS.flatMap((upstream) => (['break', 'cut'] as const).map((model) => [model, upstream] as const)))(
    '%s in the middle of a stream of an upstream that speaks %s',
    async (model, upstream) => {
      const pieces: string[] = []
      const read = async (): Promise<void> => {
        const stream = await own.google.models.generateContentStream({ model: `${upstream}/${model}`, contents: 'Hi' })
        for await (const { text } of stream) {
          if (text !== undefined && text !== '') pieces.push(text)
          if (pieces.length > 0) own.cut()
        }
      }
      const thrown = await thrownBy(read())
      expect(pieces.length).toBeGreaterThan(0)
      if (model === 'break') expect(thrown.message).toContain('The model broke down.')
      expect((await own.lastRecord()).attempts).toMatchObject([{ outcome: 'failed' }])
    },
  )
})
