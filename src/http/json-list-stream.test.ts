import { expect, test } from 'bun:test'
import { FakeStream } from '../../test/support/http-app-fixture.ts'
import { JsonListStream } from './json-list-stream.ts'

async function everything(stream: JsonListStream): Promise<string[]> {
  const pieces: string[] = []
  for (let bytes = await stream.next(); bytes !== undefined; bytes = await stream.next())
    pieces.push(Buffer.from(bytes).toString())
  return pieces
}

test('events become the entries of one list, each as soon as it is there', async () => {
  const events = new FakeStream()
  events.send('data: {"a":1}\n\n')
  events.send(': ping\n\n')
  events.send('data: {"b":"ü"}\n\ndata: {"c":\ndata: 3}\n\n')
  events.end()
  const pieces = await everything(new JsonListStream(events))
  expect(pieces).toEqual(['[{"a":1}', ',\r\n{"b":"ü"},\r\n{"c":\n3}', ']'])
  expect(JSON.parse(pieces.join(''))).toEqual([{ a: 1 }, { b: 'ü' }, { c: 3 }])
})

test('a keep-alive between two entries leaves the list what it is', async () => {
  const events = new FakeStream(7_000)
  const stream = new JsonListStream(events)
  events.send('data: 1\n\n')
  events.send('data: 2\n\n')
  events.end()
  expect(stream.pingMs).toBe(7_000)
  expect(JSON.parse((await everything(stream)).join(Buffer.from(stream.ping).toString()))).toEqual([1, 2])
})

test('a stream without events is an empty list', async () => {
  const events = new FakeStream()
  events.end()
  expect(await everything(new JsonListStream(events))).toEqual(['[]'])
})

test('what is there already can be taken without waiting, and the rest follows', async () => {
  const events = new FakeStream()
  const chunks = ['data: 1\n\n'].map((text) => Buffer.from(text))
  const stream = new JsonListStream(Object.assign(events, { take: () => chunks.shift() }))
  expect(Buffer.from(stream.take()!).toString()).toBe('[1')
  expect(stream.take()).toBeUndefined()
  events.end()
  expect(await everything(stream)).toEqual([']'])
})

test('a client that goes away takes the events with it', () => {
  const events = new FakeStream()
  new JsonListStream(events).cancel()
  expect(events.cancelled).toBe(1)
})
