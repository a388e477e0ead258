import { lossColumn } from './loss-column.ts'

/**
 * OpenAI Responses as an upstream of a call in another format. Sampling and reasoning controls count as rewritten because models
 * that take none exist; explicit cache markers count as lost although the provider caches by itself.
 */
export const responsesLossColumn = lossColumn({
  lost: [
    'message.name',
    'part.image_in_assistant',
    'part.audio',
    'part.video',
    'part.document_title',
    'part.document_context',
    'part.document_citations',
    'tools.defer_loading',
    'tools.allowed_callers',
    'tools.input_examples',
    'audio_output',
    'prediction',
    'sampling.top_k',
    'sampling.seed',
    'sampling.frequency_penalty',
    'sampling.presence_penalty',
    'sampling.stop',
    'sampling.n',
    'sampling.logit_bias',
    'vendor.betas',
    'vendor.web_search_options',
    'vendor.moderation',
    'vendor.safety_settings',
    'vendor.cached_content',
    'vendor.media_resolution',
    'vendor.speech_config',
  ],
  rewritten: [
    'message.assistant_prefill',
    'message.empty_text',
    'part.document_text',
    'part.document_parts',
    'part.search_result',
    'part.tool_result_error',
    'tool_choice.allowed',
    'sampling.logprobs',
    'reasoning.summary',
    'reasoning.display',
    'service_tier',
  ],
})
