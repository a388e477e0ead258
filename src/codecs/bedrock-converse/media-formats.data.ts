/** Media types by the words the format has for them. Source: `ImageFormat`, `DocumentFormat`, `VideoFormat`, `AudioFormat` of the API. */
export const IMAGE_TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
}

export const DOCUMENT_TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  html: 'text/html',
  txt: 'text/plain',
  md: 'text/markdown',
}

export const VIDEO_TYPES: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  mkv: 'video/x-matroska',
  flv: 'video/x-flv',
  mpeg: 'video/mpeg',
  mpg: 'video/mpg',
  wmv: 'video/x-ms-wmv',
  three_gp: 'video/3gpp',
}

export const AUDIO_TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  opus: 'audio/opus',
  aac: 'audio/aac',
  m4a: 'audio/mp4',
  webm: 'audio/webm',
  mp4: 'audio/x-mp4',
  mpeg: 'audio/x-mpeg',
  mpga: 'audio/mpga',
  mka: 'audio/x-matroska',
  mkv: 'audio/x-mkv',
  pcm: 'audio/L16',
  'x-aac': 'audio/x-aac',
}

/** Other names of the same types. */
const SYNONYMS: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'video/mov': 'video/quicktime',
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/m4a': 'audio/mp4',
  'audio/x-m4a': 'audio/mp4',
}

/** The format's word for a media type; undefined for types it does not take. */
export function wordFor(mediaType: string, types: Readonly<Record<string, string>>): string | undefined {
  const bare = mediaType.replace(/;.*$/s, '').trim().toLowerCase()
  const name = Object.hasOwn(SYNONYMS, bare) ? SYNONYMS[bare] : bare
  return Object.keys(types).find((word) => types[word] === name)
}
