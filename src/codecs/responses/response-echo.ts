import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { ClientContext } from '../codec.ts'
import { Report } from '../report.ts'
import { put } from './field-writer.ts'
import { encodeFormat } from './request-encoder.ts'
import { SERVICE_TIERS } from './options-encoder.ts'
import { encodeToolChoice, encodeTools } from './tool-encoder.ts'

/**
 * The fields of a response object that repeat the request. The API's clients rely on several of them being there, so what the
 * request left open is told with its default.
 */
export function echoFields(
  context: ClientContext,
  upstream: Record<string, unknown> | undefined,
  serviceTier: string | undefined,
): JsonObject {
  const { request } = context
  const { state, sampling } = request
  const unreported = new Report() // what the request could not carry was told when it was encoded
  const echo: JsonObject = {
    background: state?.background ?? false,
    instructions: instructionsOf(request),
    max_output_tokens: request.maxOutputTokens ?? null,
    max_tool_calls: request.maxToolCalls ?? null,
    metadata: request.metadata ?? {},
    parallel_tool_calls: request.parallelToolCalls ?? true,
    previous_response_id: state?.previousResponseId ?? null,
    reasoning: {
      effort: request.reasoning?.mode === 'disabled' ? 'none' : (request.reasoning?.effort ?? null),
      summary: request.reasoning?.summary ?? null,
    },
    store: state?.store ?? false,
    temperature: sampling.temperature ?? null,
    text: textOf(request, unreported),
    tool_choice:
      request.toolChoice === undefined ? 'auto' : (encodeToolChoice(request.toolChoice, request, unreported) ?? 'auto'),
    tools:
      request.tools === undefined ? [] : encodeTools(request.tools, request.origin === 'responses', unreported).map(completeTool),
    top_p: sampling.topP ?? null,
    truncation: request.truncation ?? 'disabled',
  }
  put(echo, 'top_logprobs', sampling.topLogprobs)
  put(echo, 'prompt_cache_key', request.promptCacheKey)
  put(echo, 'prompt_cache_retention', request.promptCacheRetention)
  put(echo, 'safety_identifier', request.safetyIdentifier)
  put(echo, 'user', request.user)
  if (serviceTier !== undefined && SERVICE_TIERS.has(serviceTier)) echo['service_tier'] = serviceTier
  return upstream === undefined ? echo : { ...echo, ...upstream }
}

/** Functions are told with all the fields that a response demands of them. */
function completeTool(tool: JsonObject): JsonObject {
  return tool['type'] === 'function' ? { parameters: null, strict: null, ...tool } : tool
}

function instructionsOf(request: LlmRequest): string | null {
  const texts = request.messages
    .filter((message) => message.instructions === true)
    .flatMap((message) => message.content.map((part) => (part.type === 'text' ? part.text : '')))
  return texts.length === 0 ? null : texts.join('\n\n')
}

function textOf(request: LlmRequest, report: Report): JsonObject {
  const format = request.responseFormat === undefined ? undefined : encodeFormat(request.responseFormat, request, report)
  const text: JsonObject = { format: format ?? { type: 'text' } }
  put(text, 'verbosity', request.verbosity)
  return text
}
