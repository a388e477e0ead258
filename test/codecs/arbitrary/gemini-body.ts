import fc from 'fast-check'
import {
  count,
  fraction,
  id,
  novel,
  numbered,
  optional,
  pruned,
  schema,
  shape,
  sown,
  word,
  type Json,
  type Style,
} from './canary.ts'

const constant = (value: string): fc.Arbitrary<string> => fc.constant(value)

const textPart = shape({ text: word }, novel)
const imagePart = shape(
  {
    inlineData: shape({ mimeType: constant('image/png'), data: id('iVBORw0KGgo') }, { displayName: word }),
  },
  { mediaResolution: fc.constant({ level: '§' }) },
)
const mediaPart = fc.oneof(
  fc.record({ inlineData: fc.record({ mimeType: constant('audio/wav'), data: id('UklGR') }) }),
  fc.record({ inlineData: fc.record({ mimeType: constant('application/pdf'), data: id('JVBERi0x') }) }),
  shape(
    { fileData: fc.record({ mimeType: constant('video/mp4'), fileUri: id('https://film.example/') }) },
    { videoMetadata: fc.constant({ startOffset: '§s', fps: -0.777 }) },
  ),
  fc.record({ fileData: fc.record({ fileUri: id('https://doc.example/') }) }),
  fc.record({ fileData: fc.record({ mimeType: constant('image/png'), fileUri: id('https://img.example/') }) }),
  fc.record({ fileData: fc.record({ mimeType: constant('application/pdf'), fileUri: id('files/') }) }),
)
const unknownPart = shape({ hologram: fc.record({ payload: word }) })
const userPart = fc.oneof({ weight: 4, arbitrary: textPart }, imagePart, mediaPart, unknownPart)

const thought = shape({ text: word, thought: fc.constant(true) }, { thoughtSignature: word })
const signedText = fc.record({ text: word, thoughtSignature: word })
const codeExecution = fc.constant<Json[]>([
  { executableCode: { language: 'PYTHON', code: '§' } },
  { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '§' } },
])

const args = fc.constantFrom<Json>({ q: '§' }, { q: { deep: ['§', '§'] } }, {}, { q: '§', n: 12 })
const response = fc.constantFrom<Json>(
  { output: '§' },
  { result: '§' },
  { error: '§' },
  { temperature: 21, unit: '§' },
  { output: { deep: '§' } },
)

/** A turn with calls and the turn that answers them; ids are optional, and without them places decide. */
const toolExchange = fc
  .record({
    before: fc.array(thought, { maxLength: 1 }),
    text: fc.array(textPart, { maxLength: 1 }),
    isNumbered: fc.boolean(),
    calls: fc.array(
      fc.record({
        args,
        response,
        signature: fc.option(word, { nil: undefined, freq: 2 }),
        media: fc.option(fc.tuple(imagePart), { nil: undefined, freq: 4 }),
        more: optional({ willContinue: fc.boolean(), scheduling: constant('§') }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    after: fc.array(textPart, { maxLength: 1 }),
  })
  .map(({ before, text, isNumbered, calls, after }): Json[] => {
    const idOf = (at: number): string | undefined => (isNumbered ? `call_¤_${at}` : undefined)
    const made = calls.map((call, at) => ({
      functionCall: { id: idOf(at), name: `tool_${at}`, args: call.args },
      thoughtSignature: call.signature,
    }))
    const answered = calls.map((call, at) => ({
      functionResponse: { id: idOf(at), name: `tool_${at}`, response: call.response, parts: call.media, ...call.more },
    }))
    return [
      { role: 'model', parts: [...before, ...text, ...made] },
      { role: 'user', parts: [...answered, ...after] },
    ]
  })

const plainExchange = fc
  .tuple(
    fc.array(userPart, { minLength: 1, maxLength: 3 }),
    fc.tuple(
      fc.array(thought, { maxLength: 1 }),
      fc.oneof(codeExecution, fc.constant([])),
      fc.tuple(fc.oneof(textPart, signedText)),
    ),
    optional(novel),
  )
  .map(([asked, said, extra]): Json[] => [
    { role: 'user', parts: asked, ...extra },
    { role: 'model', parts: said.flat() },
  ])

const contents = fc
  .tuple(
    fc.array(plainExchange, { maxLength: 2 }),
    fc.array(textPart, { minLength: 1, maxLength: 2 }),
    fc.array(toolExchange, { maxLength: 2 }),
  )
  .map(([exchanges, last, toolTurns]): Json[] => [...exchanges.flat(), { role: 'user', parts: last }, ...numbered(toolTurns)])

/** The format's own dialect of schemas. */
const openApiSchema = fc.constantFrom<Json>(
  { type: 'OBJECT', properties: { q: { type: 'STRING', description: '§', nullable: true } }, required: ['q'] },
  { type: 'OBJECT', properties: { n: { type: 'INTEGER', format: 'int32' } }, propertyOrdering: ['n'] },
)
const declaration = (at: number): fc.Arbitrary<Json> =>
  fc
    .tuple(
      shape(
        { name: constant(`tool_${at}`) },
        { description: word, ...novel, responseJsonSchema: fc.constant({ type: 'string', title: '§' }) },
      ),
      fc.oneof(fc.record({ parametersJsonSchema: schema }), fc.record({ parameters: openApiSchema }), fc.constant<Json>({})),
    )
    .map(([fixed, input]) => ({ ...fixed, ...input }))
const functions = fc
  .tuple(declaration(0), fc.option(declaration(1), { nil: undefined }))
  .map(([first, second]): Json => ({ functionDeclarations: second === undefined ? [first] : [first, second] }))
const hosted = fc.constantFrom<Json>(
  { googleSearch: {} },
  { googleSearch: { timeRangeFilter: { startTime: '§' } } },
  { urlContext: {} },
  { codeExecution: {} },
)
const tools = fc.oneof(fc.tuple(functions), fc.tuple(functions, hosted), fc.tuple(hosted))
const calling = fc.constantFrom<Json>(
  { mode: 'AUTO' },
  { mode: 'NONE' },
  { mode: 'ANY' },
  { mode: 'VALIDATED' },
  { mode: 'ANY', allowedFunctionNames: ['tool_0'] },
  { mode: 'ANY', allowedFunctionNames: ['tool_0', 'tool_1'] },
  { mode: 'VALIDATED', allowedFunctionNames: ['tool_0'] },
  { mode: 'HOLOGRAM' },
)
const toolConfig = shape(
  { functionCallingConfig: calling },
  { retrievalConfig: fc.constant({ languageCode: '§', latLng: { latitude: -0.777 } }) },
)

const thinkingConfig = fc.oneof(
  shape({ thinkingBudget: fc.constantFrom(0, -1, 2048) }, { includeThoughts: fc.boolean() }),
  shape({ thinkingLevel: fc.constantFrom('MINIMAL', 'LOW', 'HIGH') }, { includeThoughts: fc.boolean() }),
  fc.record({ includeThoughts: fc.boolean() }),
)
const format = fc.oneof(
  fc.constantFrom<Json>(
    {},
    { responseMimeType: 'text/plain' },
    { responseMimeType: 'application/json' },
    { responseMimeType: 'text/x.enum' },
  ),
  fc.record({ responseMimeType: constant('application/json'), responseJsonSchema: schema }),
  fc.record({ responseMimeType: constant('application/json'), responseSchema: openApiSchema }),
)
const generationConfig = fc
  .tuple(
    optional({
      temperature: fraction,
      topP: fraction,
      topK: count,
      seed: count,
      candidateCount: fc.constantFrom(1, 2, 3),
      maxOutputTokens: fc.constantFrom(5, 4096, 20_000),
      stopSequences: fc.array(word, { minLength: 1, maxLength: 3 }),
      presencePenalty: fraction,
      frequencyPenalty: fraction,
      responseLogprobs: fc.boolean(),
      logprobs: count,
      responseModalities: fc.constantFrom(['TEXT'], ['TEXT', 'IMAGE'], ['AUDIO']),
      mediaResolution: word,
      speechConfig: fc.constant({ voiceConfig: { prebuiltVoiceConfig: { voiceName: '§' } } }),
      imageConfig: fc.constant({ aspectRatio: '§' }),
      thinkingConfig,
      enableEnhancedCivicAnswers: fc.boolean(),
      ...novel,
    }),
    format,
  )
  .map(([fields, more]) => ({ ...fields, ...more }))

const options = optional({
  systemInstruction: fc.record({ parts: fc.array(textPart, { minLength: 1, maxLength: 2 }) }),
  generationConfig,
  safetySettings: fc.constant([{ category: '§', threshold: 'BLOCK_NONE' }]),
  cachedContent: id('cachedContents/'),
  serviceTier: fc.constantFrom('standard', 'flex', 'priority'),
  store: fc.boolean(),
  labels: fc.constant({ team: '§' }),
  ...novel,
})

/** Valid bodies of `:generateContent`. Its model stands in the address. */
export const geminiBody = (style: Style = 'plain'): fc.Arbitrary<Json> =>
  fc
    .record({
      contents,
      options,
      toolSet: fc.option(fc.record({ tools, toolConfig: fc.option(toolConfig, { nil: undefined }) }), { nil: undefined }),
    })
    .map(({ contents: turns, options: given, toolSet }) => sown(pruned({ contents: turns, ...given, ...toolSet }), style))
