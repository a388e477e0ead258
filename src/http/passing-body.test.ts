import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { PassingBody } from '../engine/endpoints/endpoint-use.ts'
import { Deadlines } from '../lib/deadlines.ts'
import { passingBody } from './passing-body.ts'

/** A request whose body the test delivers piece by piece. */
function upload(headers: Record<string, string> = {}, maxBytes?: number) {
  const clock = new ManualClock()
  let source!: ReadableStreamDefaultController<Uint8Array>
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (source = controller) })
  const request = new Request('http://gateway.test/x', { method: 'POST', body, headers, duplex: 'half' } as RequestInit)
  const options = { maxBytes, clock, deadlines: new Deadlines(clock) }
  return { clock, source, passing: () => passingBody(request, options) as PassingBody }
}
const codeOf = async (run: () => unknown): Promise<unknown> => {
  try {
    return await run()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}
const piece = (size: number): Uint8Array => new Uint8Array(size)

describe('a body that is handed on as it comes', () => {
  test('goes on piece by piece, counted, with somebody told of each', async () => {
    const { source, passing } = upload()
    const body = passing()
    let told = 0
    body.progress = () => void told++
    const reader = body.stream.getReader()
    source.enqueue(piece(3))
    expect((await reader.read()).value?.length).toBe(3)
    source.enqueue(piece(4))
    expect((await reader.read()).value?.length).toBe(4)
    source.close()
    expect((await reader.read()).done).toBe(true)
    expect([body.bytes, told, body.failure]).toEqual([7, 3, undefined])
  })

  test('is not read ahead of whoever takes it', async () => {
    const { source, passing } = upload()
    const body = passing()
    source.enqueue(piece(3))
    source.enqueue(piece(3))
    await body.stream.getReader().read()
    expect(body.bytes).toBe(3)
  })

  test('breaks off when it grows too large, and says so', async () => {
    const { source, passing } = upload({}, 5)
    const body = passing()
    const reader = body.stream.getReader()
    source.enqueue(piece(5))
    await reader.read()
    source.enqueue(piece(1))
    expect(await codeOf(() => reader.read())).toBe('body_too_large')
    expect(body.failure?.code).toBe('body_too_large')
  })

  test('breaks off when nothing comes for half a minute', async () => {
    const { clock, source, passing } = upload()
    const body = passing()
    const reader = body.stream.getReader()
    source.enqueue(piece(1))
    await reader.read()
    const next = codeOf(() => reader.read())
    await clock.advance(30_001)
    expect(await next).toBe('request_timeout')
    expect(body.failure?.code).toBe('request_timeout')
  })

  test.each<[Record<string, string>, string]>([
    [{ 'content-length': '6' }, 'body_too_large'],
    [{ 'content-encoding': 'gzip' }, 'unsupported_media_type'],
  ])('is refused unread with %j', async (headers, code) => {
    expect(await codeOf(() => upload(headers, 5).passing())).toBe(code)
  })
})

test('a request without a body has none', () => {
  const clock = new ManualClock()
  const options = { maxBytes: 5, clock, deadlines: new Deadlines(clock) }
  expect(passingBody(new Request('http://gateway.test/x'), options)).toBeUndefined()
})
