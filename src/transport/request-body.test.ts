import { describe, expect, test } from 'bun:test'
import { JoinBuffer, toFetchBody as fetchBody, type FetchBody } from './request-body.ts'
import type { UpstreamBody } from './transport.ts'

const MIB = 1024 * 1024

const toFetchBody = (body: UpstreamBody): FetchBody => fetchBody(body, new JoinBuffer())

async function bytesOf(stream: unknown): Promise<Buffer> {
  return Buffer.from(await new Response(stream as ReadableStream<Uint8Array>).arrayBuffer())
}

describe('request bodies', () => {
  test('no body stays no body', () => {
    expect(toFetchBody(undefined)).toEqual({ body: null })
  })

  test('small strings and bytes are handed over as they are', () => {
    const bytes = Buffer.from('{"a":1}')
    expect(toFetchBody('{"a":1}').body).toBe('{"a":1}')
    expect(toFetchBody(bytes).body).toBe(bytes)
    expect(toFetchBody([bytes]).body).toBe(bytes)
  })

  test('small pieces are joined, strings as UTF-8', () => {
    const { body, length } = toFetchBody([Buffer.from('{"a":"'), 'zoë', Buffer.from('"}')])
    expect(Buffer.from(body as Uint8Array).toString()).toBe('{"a":"zoë"}')
    expect(length).toBeUndefined()
  })

  test('large pieces become a stream with the exact length', async () => {
    const image = Buffer.alloc(3 * MIB, 'x')
    const { body, length } = toFetchBody(['{"ü":"', image, '"}'])
    expect(body).toBeInstanceOf(ReadableStream)
    const sent = await bytesOf(body)
    expect(length).toBe(sent.byteLength)
    expect(sent.equals(Buffer.concat([Buffer.from('{"ü":"'), image, Buffer.from('"}')]))).toBe(true)
  })

  test('slices of a large body share its memory', async () => {
    const image = new Uint8Array(2 * MIB)
    const reader = (toFetchBody(image).body as ReadableStream<Uint8Array>).getReader()
    const { value } = await reader.read()
    expect(value?.buffer).toBe(image.buffer)
    await reader.cancel()
  })

  test('a large string is never cut inside a character', async () => {
    const text = `a${'😀'.repeat(MIB)}`
    const { body, length } = toFetchBody(text)
    const sent = await bytesOf(body)
    expect(length).toBe(sent.byteLength)
    expect(sent.toString()).toBe(text)
  })

  test('empty pieces are skipped', async () => {
    const { body, length } = toFetchBody(['', new Uint8Array(2 * MIB), '', new Uint8Array(0)])
    expect(length).toBe(2 * MIB)
    expect((await bytesOf(body)).byteLength).toBe(2 * MIB)
  })

  test('pieces are joined in the same memory, request after request', () => {
    const buffer = new JoinBuffer()
    const first = fetchBody([Buffer.from('first'), ' one'], buffer).body as Uint8Array
    expect(Buffer.from(first).toString()).toBe('first one')
    const second = fetchBody([Buffer.from('2nd'), 'é'], buffer).body as Uint8Array
    expect(Buffer.from(second).toString()).toBe('2ndé')
    expect(second.buffer).toBe(first.buffer)
    const longer = fetchBody([Buffer.alloc(500_000, 'a'), 'b'.repeat(400_000)], buffer).body as Uint8Array
    expect(longer.byteLength).toBe(900_000)
    expect(Buffer.from(longer).indexOf('b')).toBe(500_000)
  })

  test('the runtime copies a body before fetch returns', async () => {
    const server = Bun.serve({
      port: 0,
      fetch: async (request) => new Response(String((await request.bytes()).every((byte) => byte === 1))),
    })
    for (const size of [1, 4_096, 300_000, MIB]) {
      const body = new Uint8Array(size + 8).fill(1)
      const answer = fetch(server.url, { method: 'POST', body: body.subarray(8) })
      body.fill(2)
      expect(await (await answer).text()).toBe('true')
    }
    await server.stop(true)
  })
})
