import { describe, expect, test } from 'bun:test'
import { FrameTooLargeError, parseFrame, SseParser, type SseFrame } from './sse-parser.ts'

const STREAM =
  ': comment\n\nevent: a\ndata: one\ndata: two\n\ndata:no space\nid: 7\n\nevent: empty\n\ndata: zwölf 🚀\r\n\r\ndata: [DONE]\n\n'
const FRAMES: SseFrame[] = [
  { event: 'a', data: 'one\ntwo' },
  { event: undefined, data: 'no space' },
  { event: undefined, data: 'zwölf 🚀' },
  { event: undefined, data: '[DONE]' },
]

function parse(pieces: Uint8Array[]): SseFrame[] {
  const frames: SseFrame[] = []
  const parser = new SseParser()
  for (const piece of pieces) parser.push(piece, (frame) => frames.push(frame))
  parser.end((frame) => frames.push(frame))
  return frames
}

describe('a stream of events', () => {
  const bytes = Buffer.from(STREAM)

  test('gives the same frames wherever it is cut', () => {
    for (let at = 0; at <= bytes.length; at++) expect(parse([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(FRAMES)
    expect(parse(Array.from(bytes, (_unused, at) => bytes.subarray(at, at + 1)))).toEqual(FRAMES)
  })

  test('may end its lines in any of the three ways', () => {
    const plain = STREAM.replaceAll('\r\n', '\n')
    for (const end of ['\n', '\r\n', '\r']) expect(parse([Buffer.from(plain.replaceAll('\n', end))])).toEqual(FRAMES)
  })

  test('gives a last frame without its blank line', () => {
    expect(parse([Buffer.from('data: left')])).toEqual([{ event: undefined, data: 'left' }])
  })

  test('is refused when one frame grows without end', () => {
    const parser = new SseParser(100)
    expect(() => {
      for (let index = 0; index < 30; index++) parser.push(Buffer.from('data: aaaa'), () => undefined)
    }).toThrow(FrameTooLargeError)
  })

  test('takes a frame of many megabytes in small pieces without growing slower', () => {
    const piece = Buffer.from('x'.repeat(16 * 1024))
    const pieces = [Buffer.from('data: '), ...Array.from({ length: 500 }, () => piece), Buffer.from('\n\n')]
    expect(parse(pieces)[0]?.data.length).toBe(500 * piece.length)
  })
})

test('a single frame parses as it does in a stream', () => {
  for (const text of STREAM.split(/(?<=\n\n|\r\n\r\n)/)) expect(parseFrame(text)).toEqual(parse([Buffer.from(text)])[0])
})
