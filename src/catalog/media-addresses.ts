import type { VisionSource } from '../ir/snapshot.ts'
import type { WireFormat } from '../ir/wire-format.ts'

/** Parts that hold media. */
export type MediaKind = 'image' | 'audio' | 'video' | 'document'

/**
 * Kinds of media that a format takes within the request and has no place for as an address. Kinds it does not take at all are not named:
 * fetching them would be of no use.
 */
const WITHIN_ONLY: Readonly<Partial<Record<WireFormat, readonly MediaKind[]>>> = {
  openai: ['audio', 'document'],
  bedrock_converse: ['image', 'document', 'video'],
}

const NONE: readonly MediaKind[] = []

/** Kinds of media that a target takes only within the request, by its format and by what its operator declared. */
export function kindsWithinOnly(format: WireFormat, declared: readonly VisionSource[] | undefined): readonly MediaKind[] {
  const kinds = WITHIN_ONLY[format] ?? NONE
  if (declared === undefined || declared.includes('remote_url') || !declared.includes('inline_base64')) return kinds
  return kinds.includes('image') ? kinds : ['image', ...kinds]
}
