import type { ContentPart, MediaSource } from '../../ir/content.ts'
import type { Feature } from '../../ir/feature.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { EncodeTarget } from '../codec.ts'
import type { ToolNames } from '../namespaces.ts'
import type { Report } from '../report.ts'
import { withExtraOf } from '../extra-fields.ts'
import { cacheControlOf, type CacheMarkers } from './cache-control.ts'

/** Where a part stands decides what the format takes there. */
export type Place = 'system' | 'user' | 'assistant' | 'tool-result'

/** What the parts of the request encoder share while one request is written. */
export interface EncodeContext {
  readonly request: LlmRequest
  readonly target: EncodeTarget
  readonly report: Report
  readonly markers: CacheMarkers
  readonly names: ToolNames
  /** The client spoke this format: its own choices are left alone wherever the target can take them. */
  readonly isNative: boolean
  /** Anthropic's own API: the only place for vendor-only and beta fields. */
  readonly isFirstParty: boolean
  /** The encoder of parts, for those that hold other parts. */
  readonly encodePart: (part: ContentPart, place: Place, context: EncodeContext) => JsonObject | undefined
}

/** Pointer of a top-level feature in the client's body, as its decoder noted it. */
export function fieldPath(context: EncodeContext, feature: Feature): string | undefined {
  return context.request.paths?.[feature]
}

export const withExtra = withExtraOf('anthropic')

/** Adds marker and extras of a part to its block; the result is the encoder's own object. */
export function finished(block: JsonObject, part: ContentPart, context: EncodeContext): JsonObject {
  if (part.cache !== undefined) block['cache_control'] = cacheControlOf(part.cache)
  const merged = withExtra(block, part, context.report)
  context.markers.add(merged, part.path)
  return merged
}

export function lost(feature: Feature, part: ContentPart, context: EncodeContext): undefined {
  context.report.lost(feature, part.path, 'the format cannot take this content here')
  return undefined
}

export function imageFeature(source: MediaSource): Feature {
  if (source.kind === 'file') return 'part.image_file'
  return source.kind === 'url' ? 'part.image_url' : 'part.image_base64'
}

/** A text in place of media that the model cannot be shown, so that the turn keeps its sense. */
export function placeholder(feature: Feature, part: ContentPart, context: EncodeContext): JsonObject {
  context.report.rewritten(feature, part.path, 'the format cannot take this content here; a note stands for it')
  return finished(
    {
      type: 'text',
      text:
        part.type === 'image'
          ? '[An image was left out: its kind cannot be sent to this model.]'
          : '[A document was left out: its kind cannot be sent to this model.]',
    },
    part,
    context,
  )
}
