import { describe, expect, test } from 'bun:test'
import { isTextType, mediaTypeOf } from './media-type.ts'

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])
const NOTHING = new Uint8Array()

describe('the type of a fetched file', () => {
  test.each([
    ['image', 'image/png', NOTHING, 'image/png'],
    ['image', 'IMAGE/JPEG; charset=binary', NOTHING, 'image/jpeg'],
    ['image', null, PNG, 'image/png'],
    ['image', 'application/octet-stream', PNG, 'image/png'],
    ['image', null, Buffer.from('RIFF0000WEBPVP8 '), 'image/webp'],
    ['audio', null, Buffer.from('RIFF0000WAVEfmt '), 'audio/wav'],
    ['document', 'binary/octet-stream', Buffer.from('%PDF-1.7'), 'application/pdf'],
    ['document', 'text/markdown', NOTHING, 'text/markdown'],
    // A page that says why there is no image.
    ['image', 'text/html', PNG, undefined],
    ['image', null, Buffer.from('<html>'), undefined],
    ['image', '', NOTHING, undefined],
    ['document', null, PNG, undefined],
    ['document', 'application/x-sh', NOTHING, undefined],
    ['audio', 'video/mp4', NOTHING, undefined],
  ] as const)('%s as %p', (kind, told, file, type) => {
    expect(mediaTypeOf(kind, told, file)).toBe(type)
  })

  test('tells text from other documents', () => {
    expect(['text/csv', 'application/json', 'application/pdf'].map(isTextType)).toEqual([true, true, false])
  })
})
