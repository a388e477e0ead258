import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { GatewayError } from '../errors/gateway-error.ts'
import { base64Of, numbersOf, type EmbeddingCodec } from './embedding-codec.ts'
import { geminiEmbeddings } from './gemini/embeddings.ts'
import { openaiEmbeddings } from './openai-embeddings.ts'

const CODECS: readonly (readonly [string, EmbeddingCodec])[] = [
  ['openai', openaiEmbeddings],
  ['gemini', geminiEmbeddings],
]
const pairs = CODECS.flatMap(([from, source]) => CODECS.map(([to, target]) => [from, to, source, target] as const))
const failureOf = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    return error instanceof GatewayError ? error.code : error
  }
}

describe('any format of clients and any of upstreams', () => {
  test.each(pairs)('%s to %s: texts and sizes arrive, vectors come back', (_from, _to, client, upstream) => {
    const finite = fc.float({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string(), fc.array(finite, { minLength: 1, maxLength: 8 })), { minLength: 1, maxLength: 4 }),
        fc.option(fc.integer({ min: 1, max: 4096 }), { nil: undefined }),
        (entries, dimensions) => {
          const inputs = entries.map(([text]) => text)
          const asked = { model: 'm', inputs, isBatch: true, dimensions, encoding: 'float', isMixed: false } as const
          const address = { model: 'm', isBatch: true }
          const read = client.decodeRequest(client.encodeRequest(asked, 'm').value, address).value
          expect(upstream.decodeRequest(upstream.encodeRequest(read, 'm').value, address).value).toEqual(asked)
          const answer = {
            vectors: entries.map(([, vector]) => vector),
            usage: { inputTokens: 3, outputTokens: 0 },
            model: undefined,
          }
          const context = { model: 'm', request: read, estimatedInputTokens: 1 }
          const told = upstream.decodeResponse(
            JSON.parse(JSON.stringify(upstream.encodeResponse(answer, context))),
            inputs.length,
          )
          const shown = client.decodeResponse(JSON.parse(JSON.stringify(client.encodeResponse(told, context))), inputs.length)
          // JSON knows no negative zero.
          expect(shown.vectors.map((vector) => numbersOf(vector).map((number) => number + 0))).toEqual(
            answer.vectors.map((vector) => vector.map((number) => number + 0)),
          )
          expect(shown.usage).toMatchObject({ inputTokens: 3, outputTokens: 0 })
        },
      ),
    )
  })

  test.each(CODECS)('%s refuses what it has no words for', (_format, codec) => {
    const call = { model: 'm', isBatch: true, encoding: 'float', isMixed: false } as const
    expect(failureOf(() => codec.encodeRequest({ ...call, inputs: [undefined] }, 'm'))).toBe('translation_refused')
  })

  test.each(CODECS)('%s takes nothing for an answer that is none', (_format, codec) => {
    for (const body of [
      null,
      7,
      [],
      {},
      { data: {} },
      { embeddings: 7 },
      { data: [{ embedding: ['x'] }] },
      { embeddings: [{ values: [null] }] },
    ])
      expect(failureOf(() => codec.decodeResponse(body, 1))).toBe('upstream_bad_response')
    expect(failureOf(() => codec.decodeResponse({ data: [], embeddings: [] }, 2))).toBe('upstream_bad_response')
  })
})

test('base64 holds 32-bit floats, least significant byte first', () => {
  expect(base64Of([1, -0.5])).toBe(Buffer.from(new Float32Array([1, -0.5]).buffer).toString('base64'))
  expect(numbersOf('AACAPwAAAL8=')).toEqual([1, -0.5])
  expect(numbersOf('AACAPw==extra')).toEqual([1])
})

describe('requests of OpenAI', () => {
  test('hold texts or token numbers, one or many', () => {
    const inputsOf = (input: unknown) => openaiEmbeddings.decodeRequest({ model: 'm', input }).value.inputs
    expect(inputsOf('a')).toEqual(['a'])
    expect(inputsOf(['a', 'b'])).toEqual(['a', 'b'])
    expect(inputsOf([1, 2])).toEqual([[1, 2]])
    expect(inputsOf([[1], [2, 3]])).toEqual([[1], [2, 3]])
    for (const input of [undefined, null, 7, {}, [], [[]], [-1], [1.5], ['a', 1], [['a']], [null]])
      expect(failureOf(() => inputsOf(input))).toBe('invalid_body')
  })

  test('report what no other format carries', () => {
    const { diagnostics } = openaiEmbeddings.decodeRequest({ model: 'm', input: 'a', user: 'u', 'x/y': 1 })
    expect(diagnostics.map(({ code, path, severity }) => [severity, code, path])).toEqual([
      ['lost', 'extension', '/x~1y'],
      ['lost', 'user', '/user'],
    ])
  })

  test('say in the words of others what the vectors are for', () => {
    const decoded = (input_type: unknown) => openaiEmbeddings.decodeRequest({ model: 'm', input: 'a', input_type })
    expect(decoded('query').value.purpose).toEqual({ kind: 'query', path: '/input_type' })
    expect(decoded('passage').value.purpose?.kind).toBe('document')
    expect(geminiEmbeddings.encodeRequest(decoded('search_query').value, 'm').value).toMatchObject({
      requests: [{ taskType: 'RETRIEVAL_QUERY' }],
    })
    for (const unknown of ['else', 7, null]) {
      expect(decoded(unknown).value.purpose).toBeUndefined()
      expect(decoded(unknown).diagnostics).toMatchObject([{ severity: 'lost', code: 'extension', path: '/input_type' }])
    }
  })

  test('answers are put into the order of their index', () => {
    const data = [
      { index: 1, embedding: [2] },
      { index: 0, embedding: [1] },
    ]
    expect(openaiEmbeddings.decodeResponse({ data }, 2).vectors).toEqual([[1], [2]])
  })
})

describe('requests of Gemini', () => {
  const asked = (body: unknown, isBatch = false) => geminiEmbeddings.decodeRequest(body, { model: 'm', isBatch }).value

  test('join the parts of a content, and tell apart what is no text', () => {
    expect(asked({ content: { parts: [{ text: 'a' }, { text: 'b' }] } }).inputs).toEqual(['ab'])
    expect(asked({ content: { parts: [{ inlineData: { data: 'x' } }] } }).inputs).toEqual([undefined])
    for (const content of [undefined, 7, { parts: [] }, { parts: [7] }, []])
      expect(failureOf(() => asked({ content }))).toBe('invalid_body')
    expect(failureOf(() => asked({ requests: [] }, true))).toBe('invalid_body')
    expect(failureOf(() => asked({ requests: {} }, true))).toBe('invalid_body')
  })

  test('say what the vectors are for, which is lost where nobody makes a difference', () => {
    const content = { parts: [{ text: 'a' }] }
    const known = asked({ content, taskType: 'CLUSTERING' })
    expect(known.purpose).toEqual({ kind: 'clustering', path: '/taskType' })
    expect(openaiEmbeddings.encodeRequest(known, 'm').diagnostics).toMatchObject([
      { severity: 'lost', code: 'extension', path: '/taskType' },
    ])
    expect(asked({ requests: [{ content, taskType: 'CLUSTERING' }, { content }] }, true).isMixed).toBe(true)
    const unknown = geminiEmbeddings.decodeRequest({ content, taskType: 'toString' }, { model: 'm', isBatch: false })
    expect(unknown.value.purpose).toBeUndefined()
    expect(unknown.diagnostics).toMatchObject([{ path: '/taskType' }])
  })

  test('with sizes of their own cannot be told elsewhere', () => {
    const content = { parts: [{ text: 'a' }] }
    const mixed = asked({ requests: [{ content, outputDimensionality: 2 }, { content }] }, true)
    expect(mixed.isMixed).toBe(true)
    expect(failureOf(() => openaiEmbeddings.encodeRequest(mixed, 'm'))).toBe('translation_refused')
    expect(failureOf(() => asked({ content, outputDimensionality: 'x' }))).toBe('invalid_body')
  })
})
