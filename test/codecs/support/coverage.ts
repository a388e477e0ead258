import type { Diagnostic } from '../../../src/ir/diagnostic.ts'
import type { Feature } from '../../../src/ir/feature.ts'

/**
 * What a diagnostic that names a whole node says of the fields in it: these names only, none at all, or (not listed) everything
 * below. Without this a lost speaker's name would excuse the loss of the whole message.
 */
const SCOPE: Partial<Record<Feature, readonly string[]>> = {
  'role.developer': ['role'],
  'role.system_mid_conversation': ['role'],
  'message.id': ['id'],
  'message.name': ['name'],
  'message.phase': ['phase'],
  'message.status': ['status'],
  'message.assistant_prefill': [],
  'message.first_not_user': [],
  'message.adjacent_same_role': [],
  'part.image_detail': ['detail'],
  'part.document_title': ['title', 'filename', 'name'],
  'part.document_context': ['context'],
  'part.document_citations': ['citations'],
  'part.citation': ['citations', 'annotations', 'citationsContent'],
  'part.logprobs': ['logprobs'],
  'part.tool_call_custom': [],
  'part.tool_call_namespace': [],
  'part.tool_call_caller': ['caller'],
  'part.tool_call_id': ['id', 'call_id', 'tool_call_id', 'tool_use_id', 'toolUseId'],
  'part.tool_call_status': ['id', 'status'],
  'part.tool_call_invalid_json': [],
  'part.tool_result_error': ['is_error', 'status'],
  'part.tool_result_orphan': ['id', 'call_id', 'tool_call_id', 'tool_use_id', 'toolUseId'],
  'part.tool_result_order': [],
  'part.document_in_tool_result': [],
  'part.image_in_tool_result': [],
  'part.search_result': [],
  'part.document_parts': [],
  'part.document_text': ['media_type', 'format'],
  cache_hint: ['cache_control', 'prompt_cache_breakpoint'],
  'tools.custom': [],
  'tools.custom_grammar': ['format'],
  'tools.namespace': [],
  'tools.name': ['name'],
  'tools.function_strict': ['strict'],
  'tools.schema': ['input_schema', 'parameters', 'inputSchema'],
  'tools.defer_loading': ['defer_loading'],
  'tools.allowed_callers': ['allowed_callers'],
  'tools.input_examples': ['input_examples'],
  attribution_block: ['text'],
}

/** Two fields are one feature, so the place of a loss is the whole body when both were given. */
const LOGPROBS = new Set(['/logprobs', '/top_logprobs', '/generationConfig/logprobs', '/generationConfig/responseLogprobs'])

/** Whether a diagnostic accounts for the leaf at `path`. One without a place accounts for nothing else. */
export function covers(diagnostic: Diagnostic, path: string): boolean {
  if (diagnostic.path === '') return diagnostic.code === 'sampling.logprobs' && LOGPROBS.has(path)
  if (path === diagnostic.path || coversElsewhere(diagnostic, path)) return true
  if (!path.startsWith(`${diagnostic.path}/`)) return false
  const scope = SCOPE[diagnostic.code]
  if (scope === undefined) return true
  // A diagnostic that names the field itself covers what is in it.
  const segments = [
    diagnostic.path.slice(diagnostic.path.lastIndexOf('/') + 1),
    ...path.slice(diagnostic.path.length + 1).split('/'),
  ]
  return segments.some((segment) => scope.includes(segment))
}

/**
 * Citations of Chat stand beside the text that they belong to, and a loss of them is told at the text. A cache point of Converse stands
 * behind the block that it belongs to.
 */
function coversElsewhere(diagnostic: Diagnostic, path: string): boolean {
  const [, list, index] = /^(.*)\/(\d+)\/cachePoint\//.exec(path) ?? []
  // With a block that is lost everything is lost that stood there.
  if (index !== undefined)
    return (
      diagnostic.path === `${list}/${Number(index) - 1}` && (diagnostic.code === 'cache_hint' || diagnostic.severity === 'lost')
    )
  if (diagnostic.code !== 'part.citation') return false
  const [message] = /^\/messages\/\d+\//.exec(path) ?? []
  return message !== undefined && path.startsWith(`${message}annotations/`) && diagnostic.path.startsWith(message)
}
