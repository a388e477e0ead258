import type { ContentPart } from '../../ir/content.ts'
import type { Sourced } from '../../ir/extra.ts'
import type { Feature } from '../../ir/feature.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { EncodeTarget } from '../codec.ts'
import type { Report } from '../report.ts'
import { withExtraOf } from '../extra-fields.ts'
import { MODEL_FAMILIES, type ModelFamily } from './model-families.data.ts'
import { modelName } from './model-name.ts'

/** What the parts of the request encoder share while one request is written. */
export interface EncodeContext {
  readonly request: LlmRequest
  readonly target: EncodeTarget
  readonly report: Report
  readonly family: ModelFamily
  /** The client spoke this format: its own choices are left alone wherever the model can take them. */
  readonly isNative: boolean
}

export function familyOf(model: string): ModelFamily {
  const name = modelName(model)
  return MODEL_FAMILIES.find(({ names }) => names.test(name)) ?? MODEL_FAMILIES[0]
}

/** Pointer of a top-level feature in the client's body, as its decoder noted it. */
export function fieldPath(context: EncodeContext, feature: Feature): string | undefined {
  return context.request.paths?.[feature]
}

export const withExtra = withExtraOf('gemini')

/** A part with its unmodelled fields; its cache marker has no place. */
export function finished(written: JsonObject, part: ContentPart, context: EncodeContext): JsonObject {
  reportCache(part, context)
  return withExtra(written, part, context.report)
}

export function reportCache(node: Sourced & { readonly cache?: unknown }, context: EncodeContext): void {
  if (node.cache === undefined) return
  context.report.lost('cache_hint', node.path, 'cache markers are not possible here; the provider caches by itself')
}

export function lost(feature: Feature, part: ContentPart, context: EncodeContext): undefined {
  context.report.lost(feature, part.path, 'the format cannot take this content here')
  return undefined
}

/** A text in place of what the model cannot be shown, so that the turn keeps its sense. */
export function note(feature: Feature, part: ContentPart, text: string, context: EncodeContext): JsonObject {
  context.report.rewritten(feature, part.path, 'the format cannot take this content here; a note stands for it')
  return finished({ text }, part, context)
}
