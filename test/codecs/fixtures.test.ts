import { describe, expect, test } from 'bun:test'
import { codecFor } from '../../src/codecs/registry.ts'
import { PassthroughTransform } from '../../src/engine/passthrough-transform.ts'
import type { StreamTransform } from '../../src/engine/stream-facts.ts'
import { TranslatingTransform } from '../../src/engine/translating-transform.ts'
import { WIRE_FORMATS, type WireFormat } from '../../src/ir/wire-format.ts'
import { comparable } from './support/comparable.ts'
import { expectFacts } from './support/facts.ts'
import { loadFixtures, WITHOUT_FIXTURES, type Fixture } from './support/shared-data.ts'
import { contextOf, eventsOf, readStream, writeStream } from './support/stream.ts'

const fixtures = loadFixtures()
const json = (fixture: Fixture): unknown => JSON.parse(fixture.bytes.toString())
const streams = fixtures.filter((fixture) => fixture.mode === 'stream')
const wholes = fixtures.filter((fixture) => fixture.mode === 'json' && fixture.level !== 'error')
const failures = fixtures.filter((fixture) => fixture.level === 'error')

describe.skipIf(fixtures.length === 0)(`recorded answers (${WITHOUT_FIXTURES})`, () => {
  for (const client of WIRE_FORMATS) {
    test.each(wholes.map((fixture) => [fixture.id, fixture] as const))(
      `%s gives its facts to a ${client} client, whole and streamed`,
      (_id, fixture) => {
        const { value } = codecFor(fixture.format).decodeResponse(json(fixture))
        const context = contextOf(client)
        const { value: body } = codecFor(client).encodeResponse(value, context)
        expectFacts(codecFor(client).decodeResponse(JSON.parse(JSON.stringify(body))).value, fixture.expected, client)
        const streamed = readStream(writeStream(eventsOf(value), client, context).bytes, client)
        expect(streamed.failure).toBeUndefined()
        expectFacts(streamed.response, fixture.expected, client)
      },
    )

    test.each(streams.map((fixture) => [fixture.id, fixture] as const))(
      `%s gives its facts to a ${client} client, streamed and folded`,
      (_id, fixture) => {
        const { events, response } = readStream(fixture.bytes, fixture.format)
        const context = contextOf(client)
        const streamed = readStream(writeStream(events, client, context).bytes, client)
        expect(streamed.failure).toBeUndefined()
        expectFacts(streamed.response, fixture.expected, client)
        const { value: body } = codecFor(client).encodeResponse(response, context)
        expectFacts(codecFor(client).decodeResponse(JSON.parse(JSON.stringify(body))).value, fixture.expected, client)
      },
    )
  }

  test.each(failures.map((fixture) => [fixture.id, fixture] as const))('%s is told as the error it is', (_id, fixture) => {
    const message = fixture.expected.error!.message
    expect(codecFor(fixture.format).decodeError(400, json(fixture)).message).toBe(message)
    expect(() => codecFor(fixture.format).decodeResponse(json(fixture))).toThrow(message)
  })

  test('every answer means the same when it is folded, replayed and folded again', () => {
    for (const fixture of streams) {
      const { response } = readStream(fixture.bytes, fixture.format)
      const events = eventsOf(response)
      const again = readStream(writeStream(events, fixture.format, contextOf(fixture.format)).bytes, fixture.format).response
      expect({ id: fixture.id, content: contentOf(again) }).toEqual({ id: fixture.id, content: contentOf(response) })
    }
  })
})

const contentOf = (response: Parameters<typeof comparable>[0]): unknown => {
  const { choices } = comparable(response) as { choices: { content: { type: string }[] }[] }
  return choices.map(({ content }) => content.map(({ type }) => type))
}

type MakeTransform = () => StreamTransform

const translating =
  (fixture: Fixture, client: WireFormat): MakeTransform =>
  () =>
    new TranslatingTransform(
      codecFor(fixture.format).createStreamDecoder(),
      codecFor(client).createStreamEncoder(contextOf(client)),
    )

const passing =
  ({ format }: Fixture, showModel: string | undefined): MakeTransform =>
  () =>
    new PassthroughTransform({
      codec: codecFor(format),
      showModel,
      dropUsageChunk: showModel !== undefined,
      createErrorEncoder: () => codecFor(format).createStreamEncoder(contextOf(format)),
    })

interface Outcome {
  readonly bytes: Buffer
  readonly usage: unknown
  readonly finish: unknown
  readonly model: string | undefined
  readonly failure: unknown
}

function run(make: MakeTransform, pieces: Iterable<Uint8Array>): Outcome {
  const transform = make()
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
  const { usage, finish, model, failure } = transform.facts
  return { bytes: Buffer.concat(out), usage, finish, model, failure }
}

/** Pieces of `size` bytes, the first one `phase` bytes long: over all phases, every offset is a cut once. */
function* piecesOf(bytes: Buffer, size: number, phase: number): Generator<Buffer> {
  let start = 0
  for (let end = phase === 0 ? size : phase; start < bytes.length; end += size) {
    yield bytes.subarray(start, end)
    start = end
  }
}

function expectSame(found: Outcome, whole: Outcome, place: string): void {
  if (!found.bytes.equals(whole.bytes)) expect(`${place}: ${found.bytes.toString()}`).toBe(`${place}: ${whole.bytes.toString()}`)
  const { bytes: _found, ...facts } = found
  const { bytes: _whole, ...expected } = whole
  expect({ place, ...facts }).toEqual({ place, ...expected })
}

/** Short streams are cut in two at every offset; longer ones in several places at once, every offset in one of the runs. */
const SHORT = 1_500
const PIECE = 61
/** Longest run of frames of one kind that is cut in every way; the whole stream is cut everywhere at once. */
const LIKE_FRAMES = 4

/** The stream without most of its deltas, which are hundreds of the same kind. The bytes of the other frames are those recorded. */
function shortened({ bytes, id }: Fixture): Buffer {
  const frames = bytes.toString().split(/(?<=\n\n|\r\n\r\n)/)
  let length = 0
  let last = ''
  const kept = frames.filter((frame) => {
    const kind = frame.replaceAll(/"(?:[^"\\]|\\.)*"(?!\s*:)|[\d.]+/g, '')
    length = kind === last ? length + 1 : 0
    last = kind
    return length < LIKE_FRAMES
  })
  expect(`${id}: ${kept.length > 0}`).toBe(`${id}: true`)
  return Buffer.from(kept.join(''))
}

/** Cuts every way, or (where only what stands behind the parser differs) everywhere at once. */
function expectNoCutMatters(fixture: Fixture, make: MakeTransform, everyWay: boolean): void {
  const { id } = fixture
  const all = run(make, [fixture.bytes])
  expect(all.failure).toBeUndefined()
  expectSame(run(make, piecesOf(fixture.bytes, 1, 0)), all, `${id} byte by byte`)
  if (!everyWay) return
  const bytes = shortened(fixture)
  const whole = run(make, [bytes])
  if (bytes.length <= SHORT)
    for (let at = 1; at < bytes.length; at++)
      expectSame(run(make, [bytes.subarray(0, at), bytes.subarray(at)]), whole, `${id} at ${at}`)
  else
    for (let phase = 0; phase < PIECE; phase++)
      expectSame(run(make, piecesOf(bytes, PIECE, phase)), whole, `${id} at ${phase} + n × ${PIECE}`)
}

describe.skipIf(streams.length === 0)(`recorded streams, cut at every byte (${WITHOUT_FIXTURES})`, () => {
  for (const client of WIRE_FORMATS) {
    test.each(streams.map((fixture) => [fixture.id, fixture] as const))(
      `%s is translated for a ${client} client wherever it is cut`,
      (_id, fixture) => {
        expectNoCutMatters(fixture, translating(fixture, client), client === fixture.format)
      },
    )
  }

  const short = streams.filter(({ bytes }) => bytes.length <= SHORT && !bytes.includes('\r'))
  test.each(short.map((fixture) => [fixture.id, fixture] as const))(
    '%s is translated alike when its lines end as Windows ends them, wherever it is cut',
    (_id, fixture) => {
      const bytes = Buffer.from(fixture.bytes.toString().replaceAll('\n', '\r\n'))
      const make = translating(fixture, fixture.format)
      const whole = run(make, [fixture.bytes])
      for (let at = 1; at <= bytes.length; at++)
        expectSame(run(make, [bytes.subarray(0, at), bytes.subarray(at)]), whole, `${fixture.id} at ${at}`)
    },
  )

  test.each(streams.map((fixture) => [fixture.id, fixture] as const))(
    '%s passes through unchanged wherever it is cut',
    (_id, fixture) => {
      expect(run(passing(fixture, undefined), [fixture.bytes]).bytes.equals(fixture.bytes)).toBe(true)
      expectNoCutMatters(fixture, passing(fixture, 'my/alias'), true)
    },
  )

  test.each(streams.map((fixture) => [fixture.id, fixture] as const))(
    '%s is metered alike when translated and when passed through',
    (_id, fixture) => {
      const translated = run(translating(fixture, fixture.format), [fixture.bytes])
      const passed = run(passing(fixture, undefined), [fixture.bytes])
      const comparableUsage = (usage: unknown): unknown => JSON.parse(JSON.stringify({ ...(usage as object), raw: undefined }))
      expect(comparableUsage(passed.usage)).toEqual(comparableUsage(translated.usage))
      expect(passed.finish).toEqual(translated.finish)
      expect(passed.model).toBe(translated.model)
    },
  )
})
