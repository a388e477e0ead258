import { expect, test } from 'bun:test'
import { codecs } from '../codecs/registry.ts'
import { EventStreamParser } from '../lib/event-stream.ts'
import { FakeStream } from '../../test/support/http-app-fixture.ts'
import { converseFraming, invokeFraming } from './bedrock-framing.ts'
import type { StreamFraming } from './stream-framing.ts'

interface Told {
  readonly headers: Record<string, string>
  readonly payload: unknown
}

function read(bytes: Uint8Array): Told[] {
  const told: Told[] = []
  const parser = new EventStreamParser()
  parser.push(bytes, ({ headers, payload }) =>
    told.push({ headers: Object.fromEntries(headers), payload: JSON.parse(payload.toString()) as unknown }),
  )
  parser.end()
  return told
}

async function through(framing: StreamFraming, ...chunks: string[]): Promise<Told[]> {
  const events = new FakeStream()
  for (const chunk of chunks) events.send(chunk)
  events.end()
  const stream = framing.frame(events)
  const pieces: Uint8Array[] = []
  for (let bytes = await stream.next(); bytes !== undefined; bytes = await stream.next()) pieces.push(bytes)
  return read(Buffer.concat(pieces))
}

const invoke = invokeFraming(codecs)
const converse = converseFraming()
const wrapped = (data: string): unknown => ({ bytes: Buffer.from(data).toString('base64') })

test('events of Converse are messages of the same name, and exceptions say so', async () => {
  const told = await through(
    converse,
    'event: messageStart\ndata: {"role":"assistant"}\n\nevent: contentBlockDelta\nda',
    'ta: {"a":"ü"}\n\n: ping\n\n',
    'event: throttlingException\ndata: {"message":"Slow down."}\n\n',
  )
  expect(told.map(({ headers }) => headers[':event-type'] ?? headers[':exception-type'])).toEqual([
    'messageStart',
    'contentBlockDelta',
    'throttlingException',
  ])
  expect(told.map(({ headers }) => headers[':message-type'])).toEqual(['event', 'event', 'exception'])
  expect(told.map(({ payload }) => payload)).toEqual([{ role: 'assistant' }, { a: 'ü' }, { message: 'Slow down.' }])
})

test('events of Messages are chunks, and their failure an exception', async () => {
  const start = '{"type":"message_start","x":"ü"}'
  const error = '{"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}}'
  const told = await through(invoke, `event: message_start\ndata: ${start}\n\n`, `event: error\ndata: ${error}\n\n`)
  expect(told.map(({ payload }) => payload)).toEqual([wrapped(start), { message: 'Slow down.' }])
  expect(told.map(({ headers }) => headers[':event-type'] ?? headers[':exception-type'])).toEqual([
    'chunk',
    'throttlingException',
  ])
})

test('a keep-alive is a message where the format has one that says nothing, and is left out elsewhere', () => {
  const messages = Object.assign(new FakeStream(7_000), { ping: Buffer.from(codecs.anthropic.ping) })
  const framed = invoke.frame(messages)
  expect(framed.pingMs).toBe(7_000)
  expect(read(framed.ping)).toMatchObject([{ headers: { ':event-type': 'chunk' } }])
  expect(converse.frame(new FakeStream(7_000)).pingMs).toBe(Number.POSITIVE_INFINITY)
})

test('what is there already can be taken without waiting, and a client that goes away takes the events with it', () => {
  const events = new FakeStream()
  const chunks = ['event: messageStart\ndata: {}\n\n', ': ping\n\n'].map((text) => Buffer.from(text))
  const stream = converse.frame(Object.assign(events, { take: () => chunks.shift() }))
  expect(read(stream.take?.() ?? Buffer.alloc(0))).toHaveLength(1)
  expect(stream.take?.()).toBeUndefined()
  stream.cancel()
  expect(events.cancelled).toBe(1)
})
