import type { ContentPart } from '../../ir/content.ts'
import type { Feature } from '../../ir/feature.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { EncodeTarget } from '../codec.ts'
import type { ToolNames } from '../namespaces.ts'
import type { Report } from '../report.ts'
import { withExtraOf } from '../extra-fields.ts'
import type { CachePoints } from './cache-points.ts'
import type { ModelFamily } from './model-families.data.ts'

/** Where a part stands decides what the format takes there. */
export type Place = 'system' | 'user' | 'assistant' | 'tool-result'

/** What the parts of the request encoder share while one request is written. */
export interface EncodeContext {
  readonly request: LlmRequest
  readonly target: EncodeTarget
  readonly report: Report
  readonly points: CachePoints
  readonly names: ToolNames
  readonly family: ModelFamily
  /** Names of the documents so far: the API wants them distinct. */
  readonly documentNames: Set<string>
  /** The client spoke this format: its own choices are left alone wherever the model can take them. */
  readonly isNative: boolean
  /** The encoder of parts, for those that hold other parts. */
  readonly encodePart: (part: ContentPart, place: Place, context: EncodeContext) => JsonObject | undefined
}

/** Pointer of a top-level feature in the client's body, as its decoder noted it. */
export function fieldPath(context: EncodeContext, feature: Feature): string | undefined {
  return context.request.paths?.[feature]
}

export const withExtra = withExtraOf('bedrock_converse')

export function lost(feature: Feature, part: ContentPart, context: EncodeContext): undefined {
  context.report.lost(feature, part.path, 'the format cannot take this content here')
  return undefined
}

/** A text in place of media that the model cannot be shown, so that the turn keeps its sense. */
export function lostWithNote(feature: Feature, part: ContentPart, context: EncodeContext): JsonObject {
  lost(feature, part, context)
  return withExtra(
    { text: `[${NOUNS[part.type] ?? 'Content'} was left out: its kind cannot be sent to this model.]` },
    part,
    context.report,
  )
}

const NOUNS: Readonly<Partial<Record<ContentPart['type'], string>>> = {
  image: 'An image',
  document: 'A document',
  audio: 'Audio',
  video: 'A video',
}
