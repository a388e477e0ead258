import { lossColumn, OF_OPENAI } from './loss-column.ts'

/**
 * What becomes of each feature when a call of another format goes to an upstream that speaks Anthropic Messages. Fields of the vendor's own
 * API count as lost because other servers of the format may not take them.
 */
export const anthropicLossColumn = lossColumn({
  lost: [
    ...OF_OPENAI,
    'part.image_in_assistant',
    'part.audio',
    'part.video',
    'tool_choice.allowed',
    'response_format.json',
    'sampling.seed',
    'sampling.frequency_penalty',
    'sampling.presence_penalty',
    'sampling.stop',
    'sampling.n',
    'sampling.logprobs',
    'vendor.safety_settings',
    'vendor.cached_content',
    'vendor.media_resolution',
    'vendor.speech_config',
  ],
  rewritten: [
    'role.developer',
    'role.system_mid_conversation',
    'message.assistant_prefill',
    'message.first_not_user',
    'message.empty_text',
    'schema_constraint',
    'part.image_base64',
    'part.image_url',
    'part.document_base64',
    'part.document_url',
    'part.document_text',
    'part.document_parts',
    'part.document_title',
    'part.tool_call_custom',
    'part.tool_call_namespace',
    'part.tool_call_status',
    'part.tool_call_invalid_json',
    'tools.custom',
    'tools.custom_grammar',
    'tools.namespace',
    'tools.schema',
    'parallel_tool_calls',
    'response_format.json_schema',
    // Carried unless thinking, or the model, excludes them.
    'sampling.top_k',
    'max_output_tokens.default',
    'reasoning.summary',
    'reasoning.display',
    'user',
  ],
})
