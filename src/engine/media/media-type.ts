import type { MediaKind } from '../../catalog/media-addresses.ts'

/** Types that say nothing. */
const UNTOLD: ReadonlySet<string> = new Set(['', 'application/octet-stream', 'binary/octet-stream', 'application/x-download'])

const starts =
  (...bytes: number[]): ((file: Uint8Array) => boolean) =>
  (file) =>
    bytes.every((byte, at) => file[at] === byte)
const saysAt =
  (at: number, text: string): ((file: Uint8Array) => boolean) =>
  (file) =>
    Buffer.from(file.subarray(at, at + text.length)).toString('latin1') === text

/** First bytes of the types that vendors take: PNG, JPEG, GIF, WebP (RIFF), PDF, WAV (RIFF), MP3. */
const SIGNATURES: readonly (readonly [type: string, matches: (file: Uint8Array) => boolean])[] = [
  ['image/png', starts(0x89, 0x50, 0x4e, 0x47)],
  ['image/jpeg', starts(0xff, 0xd8, 0xff)],
  ['image/gif', saysAt(0, 'GIF8')],
  ['image/webp', saysAt(8, 'WEBP')],
  ['application/pdf', saysAt(0, '%PDF-')],
  ['audio/wav', saysAt(8, 'WAVE')],
  ['audio/mp3', saysAt(0, 'ID3')],
  ['audio/mp3', starts(0xff, 0xfb)],
]

const FITS: Readonly<Record<MediaKind, RegExp>> = {
  image: /^image\//,
  audio: /^audio\//,
  video: /^video\//,
  document: /^(application\/(pdf|json|xml|rtf|msword|vnd\..+)|text\/.+)$/,
}

/** The type of a file by what its server says, or by its first bytes where that says nothing. Undefined when it is none of the kind. */
export function mediaTypeOf(kind: MediaKind, contentType: string | null, file: Uint8Array): string | undefined {
  const told = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const type = UNTOLD.has(told) ? SIGNATURES.find(([, matches]) => matches(file))?.[0] : told
  return type !== undefined && FITS[kind].test(type) ? type : undefined
}

/** Documents that are text, and go as text. */
export const isTextType = (type: string): boolean =>
  type.startsWith('text/') || type === 'application/json' || type === 'application/xml'
