import type { DecisionInputs } from '../ir/decision.ts'
import type { Feature } from '../ir/feature.ts'

/** What decisions tell of a request's features. */
export interface FeatureSummary extends Pick<DecisionInputs, 'features' | 'tools' | 'json_schema' | 'vision' | 'audio' | 'file'> {
  readonly features: readonly Feature[]
}

const known = new WeakMap<ReadonlySet<Feature>, FeatureSummary>()

/** Requests that use the same features have the same set, so this is made once for most of them. */
export function featureSummary(set: ReadonlySet<Feature>): FeatureSummary {
  let summary = known.get(set)
  if (summary === undefined) known.set(set, (summary = summaryOf([...set].sort())))
  return summary
}

/** `features` must be sorted. */
export function summaryOf(features: readonly Feature[]): FeatureSummary {
  const uses = (prefix: string): boolean => features.some((feature) => feature.startsWith(prefix))
  return {
    features,
    tools: uses('tools.'),
    json_schema: uses('response_format.json_schema'),
    vision: uses('part.image_'),
    audio: uses('part.audio'),
    file: uses('part.document_'),
  }
}
