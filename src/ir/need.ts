import type { Feature } from './feature.ts'
import type { DecisionQuestion } from './question.ts'

/** What a request needs of a target. */
export const REQUEST_NEEDS = [
  'streaming',
  'tools',
  'parallel_tools',
  'json_schema',
  'vision',
  'vision_inline',
  'vision_url',
  'vision_file',
  'audio',
  'file',
  'hosted_tools',
  'reasoning',
  'reasoning_summary',
  'image_out',
] as const

export type RequestNeed = (typeof REQUEST_NEEDS)[number]

/** What each feature of a request needs. How much a model reasons is a wish; that it reasons at all is the need. */
const NEEDS_OF_FEATURES: readonly (readonly [Feature, readonly RequestNeed[]])[] = [
  ['tools.name', ['tools']],
  ['tools.namespace', ['tools']],
  ['tools.hosted', ['hosted_tools']],
  ['response_format.json_schema', ['json_schema']],
  ['part.image_base64', ['vision', 'vision_inline']],
  ['part.image_url', ['vision', 'vision_url']],
  ['part.image_file', ['vision', 'vision_file']],
  ['part.audio', ['audio']],
  ['part.document_base64', ['file']],
  ['part.document_url', ['file']],
  ['part.document_file', ['file']],
  ['reasoning.effort', ['reasoning']],
  ['reasoning.budget', ['reasoning']],
]

/** Everything a request needs of whoever serves it. Reads its features, so ask only when somebody may lack something. */
export function requestNeeds(question: Pick<DecisionQuestion, 'stream' | 'parallelTools' | 'features'>): Set<RequestNeed> {
  const needs = new Set<RequestNeed>()
  if (question.stream) needs.add('streaming')
  if (question.parallelTools === true) needs.add('parallel_tools')
  const features = question.features()
  for (const [feature, wanted] of NEEDS_OF_FEATURES) if (features.has(feature)) for (const need of wanted) needs.add(need)
  return needs
}
