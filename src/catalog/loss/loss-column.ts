import { FEATURES, type Feature, type LossColumn, type Verdict } from '../../ir/feature.ts'

/** What no upstream gets of a call in another format. */
const LOST_EVERYWHERE: readonly Feature[] = [
  'part.reasoning',
  'part.reasoning_signature',
  'part.reasoning_redacted',
  'part.reasoning_details',
  'part.image_file',
  'part.document_file',
  'part.citation',
  'part.logprobs',
  'part.tool_call_caller',
  'part.hosted_tool_call',
  'part.hosted_tool_result',
  'part.compaction',
  'part.opaque',
  'cache_hint',
  'tools.hosted',
  'tool_choice.raw',
  'response_format.raw',
  'modalities',
  'vendor.context_management',
  'vendor.container',
  'vendor.mcp_servers',
  'vendor.speed',
  'vendor.inference_geo',
  'vendor.client_metadata',
  'vendor.stream_options',
  'extension',
]

/** What every upstream gets in its own words, or only where the model takes it. */
const REWRITTEN_EVERYWHERE: readonly Feature[] = [
  'part.refusal',
  'media_inlined',
  'part.tool_call_id',
  'part.tool_result_orphan',
  'part.tool_result_order',
  'tools.name',
  'tool_choice.required',
  'tool_choice.named',
  'tool_choice.validated',
  'sampling.temperature',
  'sampling.top_p',
  'max_output_tokens',
  'reasoning.mode',
  'reasoning.effort',
  'reasoning.budget',
  'attribution_block',
]

/** What only OpenAI's formats have a place for: lost in every other column. */
export const OF_OPENAI: readonly Feature[] = [
  'message.id',
  'message.name',
  'message.phase',
  'message.status',
  'part.reasoning_encrypted',
  'part.image_detail',
  'part.item_reference',
  'max_tool_calls',
  'verbosity',
  'audio_output',
  'prediction',
  'sampling.logit_bias',
  'state.store',
  'state.background',
  'state.conversation',
  'state.previous_response_id',
  'state.prompt_template',
  'include',
  'truncation',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'metadata',
  'vendor.web_search_options',
  'vendor.moderation',
]

interface Differences {
  readonly lost: readonly Feature[]
  readonly rewritten: readonly Feature[]
}

/** A column of the loss table: what is told here and what holds everywhere; everything else is carried. */
export function lossColumn({ lost, rewritten }: Differences): LossColumn {
  const verdicts = new Map<Feature, Verdict>()
  for (const feature of [...REWRITTEN_EVERYWHERE, ...rewritten]) verdicts.set(feature, 'rewritten')
  for (const feature of [...LOST_EVERYWHERE, ...lost]) verdicts.set(feature, 'lost')
  return Object.fromEntries(FEATURES.map((feature) => [feature, verdicts.get(feature) ?? 'carried'])) as LossColumn
}
