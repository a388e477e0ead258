import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { scanJson } from './json-limits.ts'
import { cutMedia, LONG_STRING_BYTES, restoreBlobs } from './large-json.ts'

const NONCE = '0123456789abcdef0123456789abcdef'
const cut = (text: string, length = LONG_STRING_BYTES) => {
  const bytes = new TextEncoder().encode(text)
  return cutMedia(bytes, scanJson(bytes, { maxDepth: 1000, maxNodes: 1e6 }, length).longStrings, NONCE)
}
const joined = (pieces: Uint8Array[]): string => Buffer.concat(pieces).toString()
const base64 = (bytes: number): string => Buffer.alloc(bytes, 'pixels').toString('base64')

describe('cutting media out of a body', () => {
  test('leaves a token where a bare base64 string stood', () => {
    const data = base64(80_000)
    const { text, blobs } = cut(JSON.stringify({ type: 'base64', data, after: 'é' }))
    expect(text.length).toBeLessThan(200)
    const [[token, blob]] = [...blobs] as [[string, Uint8Array]]
    expect(JSON.parse(text)).toEqual({ type: 'base64', data: token, after: 'é' })
    expect(Buffer.from(blob).toString()).toBe(data)
  })

  test('keeps the head of a data URL readable', () => {
    const { text, blobs } = cut(JSON.stringify({ url: `data:image/png;base64,${base64(80_000)}` }))
    const [token] = [...blobs.keys()]
    expect(JSON.parse(text)).toEqual({ url: `data:image/png;base64,${token}` })
  })

  test('leaves short strings, prose, escapes, other data URLs and control characters to the parser', () => {
    const long = 'a'.repeat(80_000)
    const kept = [
      base64(1000),
      `some prose, ${long}`,
      `${long}\\n`,
      `data:text/plain,${long}`,
      `data:image/png;base64,${long}é${long}`,
      `${long}\u0001${long}`,
    ]
    for (const content of kept) expect(cut(`["${content}"]`).blobs.size).toBe(0)
  })

  test('never takes a key for media', () => {
    expect(cut(JSON.stringify({ [base64(80_000)]: 1 })).blobs.size).toBe(0)
  })

  test('refuses bytes that are not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('["'), Buffer.from([0xc3, 0x28]), Buffer.from('"]')])
    expect(() => cutMedia(bytes, [], NONCE)).toThrow(TypeError)
  })
})

describe('putting media back', () => {
  test('gives the very bytes back, without copying the media', () => {
    const body = JSON.stringify({ images: [`data:image/png;base64,${base64(90_000)}`, base64(70_000)], text: 'hé "quoted"' })
    const { text, blobs } = cut(body)
    expect(blobs.size).toBe(2)
    const pieces = restoreBlobs(JSON.stringify(JSON.parse(text)), blobs)
    expect(joined(pieces)).toBe(body)
    for (const blob of blobs.values()) expect(pieces).toContain(blob)
  })

  test('works for tokens that moved, doubled or vanished', () => {
    const [one, two] = [base64(70_000), base64(80_000)]
    const { text, blobs } = cut(JSON.stringify([one, two]))
    const [first, second] = JSON.parse(text) as [string, string]
    expect(joined(restoreBlobs(JSON.stringify({ b: second, a: [`x${first}`, first] }), blobs))).toBe(
      JSON.stringify({ b: two, a: [`x${one}`, one] }),
    )
    expect(joined(restoreBlobs('{"none":1}', blobs))).toBe('{"none":1}')
  })

  test('leaves text alone that only looks like a token', () => {
    const { text, blobs } = cut(JSON.stringify([base64(70_000)]))
    const [token] = JSON.parse(text) as [string]
    const forged = [token.slice(0, -1), `${token.slice(0, -1)}9`, token.replace(NONCE, 'f'.repeat(32))]
    expect(joined(restoreBlobs(JSON.stringify(forged), blobs))).toBe(JSON.stringify(forged))
    expect(joined(restoreBlobs(JSON.stringify(forged), new Map()))).toBe(JSON.stringify(forged))
  })

  test('any body survives being cut and restored, whatever counts as long', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.base64String({ minLength: 8 }),
      fc.base64String({ minLength: 8 }).map((data) => `data:image/png;base64,${data}`),
      fc.integer(),
    )
    fc.assert(
      fc.property(fc.array(fc.record({ text: piece, more: fc.array(piece) })), (value) => {
        const body = JSON.stringify(value)
        const { text, blobs } = cut(body, 8)
        expect(joined(restoreBlobs(JSON.stringify(JSON.parse(text)), blobs))).toBe(body)
      }),
    )
  })

  test('finds a control character wherever it stands', () => {
    const data = Buffer.from(`["${'A'.repeat(400)}"]`)
    for (let position = 2; position < 402; position++) {
      for (const byte of [0x00, 0x1f, 0x80, 0xff]) {
        const broken = Buffer.from(data)
        broken[position] = byte
        let blobs = 0
        try {
          blobs = cutMedia(broken, [{ start: 2, end: 402 }], NONCE).blobs.size
        } catch {
          // Not UTF-8 any more: refused as well.
        }
        expect(blobs).toBe(0)
      }
    }
  })
})
