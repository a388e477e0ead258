import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { crc32 } from 'node:zlib'
import { EventStreamError, eventStreamMessage, EventStreamParser } from './event-stream.ts'

interface Read {
  readonly headers: Record<string, string>
  readonly payload: string
}

function read(pieces: readonly Uint8Array[]): Read[] {
  const parser = new EventStreamParser()
  const found: Read[] = []
  for (const piece of pieces)
    parser.push(piece, ({ headers, payload }) =>
      found.push({ headers: Object.fromEntries(headers), payload: payload.toString() }),
    )
  parser.end()
  return found
}

const EVENT = { ':event-type': 'contentBlockDelta', ':content-type': 'application/json', ':message-type': 'event' }

/** A message with raw bytes as headers and checksums that are right. */
function message(headers: Uint8Array, payload = ''): Buffer {
  const bytes = Buffer.alloc(16 + headers.length + payload.length)
  bytes.writeUInt32BE(bytes.length, 0)
  bytes.writeUInt32BE(headers.length, 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8)
  bytes.set(headers, 12)
  bytes.write(payload, 12 + headers.length)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}

const fails = (bytes: Uint8Array): void => expect(() => read([bytes])).toThrow(EventStreamError)

describe('messages of an event stream', () => {
  test("are written as the vendor's own test vectors say", () => {
    // The empty message and the one without headers of the published test suite.
    expect(eventStreamMessage({}, '').toString('hex')).toBe('000000100000000005c248eb7d98c8ff')
    expect(eventStreamMessage({}, "{'foo':'bar'}").toString('hex')).toBe(
      '0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936',
    )
  })

  test('are read as they were written, wherever they are cut', () => {
    const bytes = Buffer.concat([
      eventStreamMessage(EVENT, '{"a":"ü"}'),
      eventStreamMessage({}, ''),
      eventStreamMessage(EVENT, 'x'),
    ])
    const whole = read([bytes])
    expect(whole.map(({ payload }) => payload)).toEqual(['{"a":"ü"}', '', 'x'])
    expect(whole[0]?.headers).toEqual(EVENT)
    for (let at = 1; at < bytes.length; at++) expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole)
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole)
  })

  test('have headers of every type, of which only texts are told', () => {
    const name = [1, 0x61]
    const headers = [
      [...name, 0],
      [...name, 1],
      [...name, 2, 9],
      [...name, 3, 9, 9],
      [...name, 4, 9, 9, 9, 9],
      [...name, 5, 9, 9, 9, 9, 9, 9, 9, 9],
      [...name, 6, 0, 2, 9, 9],
      [...name, 8, 9, 9, 9, 9, 9, 9, 9, 9],
      [...name, 9, ...Array.from({ length: 16 }, () => 9)],
      [1, 0x62, 7, 0, 1, 0x63],
    ].flat()
    expect(read([message(Uint8Array.from(headers), 'p')])).toEqual([{ headers: { b: 'c' }, payload: 'p' }])
  })

  test('with a byte that changed on the way are refused', () => {
    const bytes = eventStreamMessage(EVENT, '{"a":1}')
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ 0x10
      fails(damaged)
    }
  })

  test('that end too early, are too long or have impossible headers are refused', () => {
    fails(eventStreamMessage(EVENT, 'x').subarray(0, -1))
    fails(Uint8Array.of(0, 0, 0))
    for (const headers of [[5], [1, 0x61, 10], [1, 0x61, 7, 0, 9, 0x62], [1, 0x61, 4, 9], [200, 7]])
      fails(message(Uint8Array.from(headers)))
    const long = Buffer.alloc(12)
    long.writeUInt32BE(0x7fffffff, 0)
    long.writeUInt32BE(crc32(long.subarray(0, 8)), 8)
    fails(long)
  })

  test('never throw anything else, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (headers) => {
        try {
          read([message(headers)])
        } catch (error) {
          expect(error).toBeInstanceOf(EventStreamError)
        }
      }),
    )
  })
})
