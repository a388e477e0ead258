import type { Feature } from '../../ir/feature.ts'

/** Where each feature of the top level stands in a request of this format. */
export const REQUEST_PATHS: Partial<Record<Feature, string>> = {
  'tool_choice.required': '/tool_choice',
  'tool_choice.named': '/tool_choice',
  'tool_choice.raw': '/tool_choice',
  parallel_tool_calls: '/tool_choice/disable_parallel_tool_use',
  'response_format.json_schema': '/output_config/format',
  'response_format.raw': '/output_config/format',
  'sampling.temperature': '/temperature',
  'sampling.top_p': '/top_p',
  'sampling.top_k': '/top_k',
  'sampling.stop': '/stop_sequences',
  max_output_tokens: '/max_tokens',
  'reasoning.mode': '/thinking',
  'reasoning.budget': '/thinking/budget_tokens',
  'reasoning.display': '/thinking/display',
  'reasoning.effort': '/output_config/effort',
  service_tier: '/service_tier',
  user: '/metadata/user_id',
  cache_hint: '/cache_control',
  'vendor.context_management': '/context_management',
  'vendor.container': '/container',
  'vendor.mcp_servers': '/mcp_servers',
  'vendor.speed': '/speed',
  'vendor.inference_geo': '/inference_geo',
}
