import { expect, test } from 'bun:test'
import { openaiCodec } from '../codecs/openai/index.ts'
import type { StreamEncoder } from '../codecs/codec.ts'
import { PassthroughTransform } from './passthrough-transform.ts'

const chunk = (delta: object, rest: object = {}, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', model: 'gpt-x', ...rest, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
const USAGE = `data: ${JSON.stringify({ id: 'c', model: 'gpt-x', choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } })}\n\n`
const STREAM = `: hello\n\n${chunk({ role: 'assistant', content: '' })}${chunk({ content: 'Zwölf "model":"gpt-x" 🚀' })}${chunk({ content: 'b' })}${chunk({}, {}, 'stop')}${USAGE}data: [DONE]\n\n`

const errorEncoder = (): StreamEncoder => ({
  write: (_event, frame) => frame(undefined, '{"error":"broken"}'),
  end: () => undefined,
})

function run(
  options: { showModel?: string; dropUsageChunk?: boolean },
  pieces: Uint8Array[],
): { text: string; transform: PassthroughTransform } {
  const transform = new PassthroughTransform({
    codec: openaiCodec,
    showModel: options.showModel,
    dropUsageChunk: options.dropUsageChunk ?? false,
    createErrorEncoder: errorEncoder,
  })
  const out: Uint8Array[] = []
  const take = (): void => {
    const bytes = transform.take()
    if (bytes !== undefined) out.push(bytes)
  }
  for (const piece of pieces) {
    transform.push(piece)
    take()
  }
  transform.end()
  take()
  return { text: Buffer.concat(out).toString(), transform }
}

const bytes = Buffer.from(STREAM)
const cuts = Array.from({ length: bytes.length + 1 }, (_unused, at) => [bytes.subarray(0, at), bytes.subarray(at)])
const single = Array.from(bytes, (_unused, at) => bytes.subarray(at, at + 1))

test('bytes go through unchanged wherever the network cuts them', () => {
  for (const pieces of [...cuts, single]) expect(run({}, pieces).text).toBe(STREAM)
})

test('usage, finish and model are metered wherever the network cuts the bytes', () => {
  for (const pieces of [...cuts, single]) {
    const { facts } = run({}, pieces).transform
    expect(facts.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 })
    expect(facts.finish?.unified).toBe('stop')
    expect(facts.model).toBe('gpt-x')
    expect(facts.semantic && facts.ended).toBe(true)
  }
})

test('the shown model replaces the served one and nothing inside a text', () => {
  const expected = STREAM.replaceAll('"model":"gpt-x",', '"model":"my/alias",')
  expect(expected).toContain('\\"model\\":\\"gpt-x\\"')
  for (const pieces of [...cuts, single]) expect(run({ showModel: 'my/alias' }, pieces).text).toBe(expected)
})

test('a usage chunk that only the gateway asked for is taken out and still metered', () => {
  for (const pieces of [...cuts, single]) {
    const { text, transform } = run({ dropUsageChunk: true }, pieces)
    expect(text).toBe(STREAM.replace(USAGE, ''))
    expect(transform.facts.usage?.outputTokens).toBe(2)
  }
})

test('CRLF streams are framed as well', () => {
  const crlf = STREAM.replaceAll('\n', '\r\n')
  const { text, transform } = run({ showModel: 'a', dropUsageChunk: true }, [Buffer.from(crlf)])
  expect(text).toBe(
    crlf.replaceAll('"model":"gpt-x",', '"model":"a",').replace(USAGE.replaceAll('\n', '\r\n').replace('gpt-x', 'a'), ''),
  )
  expect(transform.facts.ended).toBe(true)
})

test('a model member written with a space is renamed too', () => {
  const spaced = STREAM.replaceAll('"model":"gpt-x",', '"model": "gpt-x",')
  expect(run({ showModel: 'a' }, [Buffer.from(spaced)]).text).toBe(spaced.replaceAll('"model": "gpt-x",', '"model": "a",'))
})

test('a stream that stops without its end becomes an error in the client format', () => {
  const { text, transform } = run({}, [Buffer.from(chunk({ content: 'half' }))])
  expect(text).toBe(`${chunk({ content: 'half' })}data: {"error":"broken"}\n\n`)
  expect(transform.facts.failure?.message).toContain('before its end')
})

test('what is written always ends with a whole frame', () => {
  const transform = new PassthroughTransform({
    codec: openaiCodec,
    showModel: undefined,
    dropUsageChunk: false,
    createErrorEncoder: errorEncoder,
  })
  for (const piece of single) {
    transform.push(piece)
    const out = transform.take()
    if (out !== undefined) expect(Buffer.from(out).toString().endsWith('\n\n')).toBe(true)
  }
})
