import fc from 'fast-check'
import { argumentsJson, id, optional, shape, word, type Json } from './canary.ts'

const tokens = fc.integer({ min: 0, max: 5_000 })

const usage = fc
  .record({ prompt: tokens, answer: tokens, more: optional({ cached: tokens, thoughts: tokens, tools: tokens }) })
  .map(({ prompt, answer, more }): Json => {
    const { cached, thoughts, tools } = more as Record<string, number | undefined>
    return {
      promptTokenCount: prompt + (cached ?? 0),
      candidatesTokenCount: answer,
      cachedContentTokenCount: cached,
      thoughtsTokenCount: thoughts,
      toolUsePromptTokenCount: tools,
      totalTokenCount: prompt + (cached ?? 0) + answer + (thoughts ?? 0) + (tools ?? 0),
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt + (cached ?? 0) }],
    }
  })

const part = fc.oneof(
  { weight: 3, arbitrary: fc.record({ text: word }) },
  { weight: 2, arbitrary: shape({ text: word, thought: fc.constant(true) }, { thoughtSignature: word }) },
  fc.record({ text: word, thoughtSignature: word }),
  fc.record({ inlineData: fc.record({ mimeType: fc.constant('image/png'), data: id('iVBORw0KGgo') }) }),
  fc.record({ executableCode: fc.record({ language: fc.constant('PYTHON'), code: word }) }),
)

/** A signature stands at the first call of a step; that others have none is how it is. */
const calls = fc
  .tuple(
    fc.array(fc.record({ name: fc.constantFrom('search', 'read_file'), input: argumentsJson }), { maxLength: 3 }),
    fc.option(word, { nil: undefined }),
  )
  .map(([made, thoughtSignature]) =>
    made.map(({ name, input }, at) => ({
      functionCall: { id: `call_${at}`, name, args: JSON.parse(input) as unknown },
      thoughtSignature: at === 0 ? thoughtSignature : undefined,
    })),
  )

const grounding = fc.constantFrom<Json>(
  {},
  {
    groundingMetadata: {
      webSearchQueries: ['§'],
      groundingChunks: [{ web: { uri: 'https://cited.example/§', title: '§' } }],
      groundingSupports: [{ segment: { endIndex: 4, text: '§' }, groundingChunkIndices: [0] }],
    },
  },
  { citationMetadata: { citations: [{ uri: 'https://cited.example/§', endIndex: 4 }] } },
)

const candidate = fc
  .record({
    parts: fc.array(part, { maxLength: 4 }),
    calls,
    finish: fc.constantFrom('STOP', 'MAX_TOKENS', 'SAFETY'),
    grounding,
    more: optional({
      safetyRatings: fc.constant([{ category: 'HARM_CATEGORY_HARASSMENT', probability: 'NEGLIGIBLE' }]),
      avgLogprobs: fc.constant(-0.1),
      finishMessage: word,
    }),
  })
  .map(({ parts, calls: made, finish, grounding: found, more }): Json => ({
    content: { role: 'model', parts: [...parts, ...made] },
    finishReason: made.length > 0 ? 'STOP' : finish,
    ...found,
    ...more,
  }))

/** Whole answers of `:generateContent`. */
export const geminiAnswer: fc.Arbitrary<Json> = fc
  .record({ candidates: fc.array(candidate, { minLength: 1, maxLength: 2 }), usage })
  .map(({ candidates, usage: usageMetadata }) => ({
    candidates: candidates.map((entry, index) => ({ ...entry, index })),
    usageMetadata,
    modelVersion: 'served-model',
    responseId: 'answer',
  }))
