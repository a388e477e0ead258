import type { Feature } from '../../ir/feature.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { CustomTool, FunctionTool, HostedTool, ToolChoice } from '../../ir/tool.ts'
import type { WireQuirks } from '../codec.ts'
import { emulatedCustomTool } from '../custom-tools.ts'
import { flattenNamespaces, type ToolNames } from '../namespaces.ts'
import type { Report } from '../report.ts'
import { addExtra, pointer, put } from './fields.ts'

/** Encodes `tools[]`. */
export function encodeTools(request: LlmRequest, names: ToolNames, quirks: WireQuirks, report: Report): JsonObject[] {
  if (request.tools === undefined) return []
  const flat = flattenNamespaces(request.tools, names)
  for (const tool of flat.namespaces) {
    report.rewritten('tools.namespace', tool.path, 'a namespace was dissolved into single tools')
    if (tool.type === 'namespace' && tool.description !== undefined)
      report.edited(
        'tools.namespace',
        pointer(tool.path ?? '', 'description'),
        'the description of a dissolved namespace was left out',
      )
    addExtra({}, tool.extra, tool.path, report)
  }
  for (const { tool } of flat.renamed) report.rewritten('tools.name', tool.path, 'the name of a tool was made acceptable')
  return flat.tools.flatMap((tool) => {
    if (tool.type === 'hosted') return encodeHosted(tool, report)
    if (tool.type === 'custom') return [encodeCustom(tool, quirks, report)]
    return [finish(encodeFunction(tool, report), tool, quirks, report)]
  })
}

/** Encodes `tool_choice`, or undefined when there is nothing to choose from. */
export function encodeToolChoice(request: LlmRequest, names: ToolNames, quirks: WireQuirks, report: Report): unknown {
  const choice = request.toolChoice
  if (choice === undefined) return undefined
  switch (choice.type) {
    case 'auto':
    case 'none':
    case 'required':
      return choice.type
    case 'validated':
      report.rewritten('tool_choice.validated', pathOf(request, 'tool_choice.validated'), 'the model may choose freely')
      return 'auto'
    case 'named': {
      const type = choice.toolType === 'custom' && quirks.customTools === true ? 'custom' : 'function'
      if (type !== choice.toolType)
        report.rewritten('tool_choice.named', pathOf(request, 'tool_choice.named'), 'a custom tool was emulated as a function')
      return { type, [type]: { name: names.wireName(choice.name, choice.namespace) } }
    }
    case 'allowed':
      return encodeAllowed(choice, request, names, report)
    case 'raw':
      if (choice.origin === 'openai') return choice.raw
      report.lost('tool_choice.raw', pathOf(request, 'tool_choice.raw'), 'this choice of a tool is only known to another format')
      return undefined
  }
}

const pathOf = (request: LlmRequest, feature: Feature): string | undefined => request.paths?.[feature]

function encodeAllowed(
  choice: Extract<ToolChoice, { type: 'allowed' }>,
  request: LlmRequest,
  names: ToolNames,
  report: Report,
): unknown {
  if (choice.origin === 'openai') return choice.raw
  report.rewritten('tool_choice.allowed', pathOf(request, 'tool_choice.allowed'), 'the allowed tools are named in another shape')
  const tools = choice.tools.map((name) => ({ type: 'function', function: { name: names.wireName(name) } }))
  return { type: 'allowed_tools', allowed_tools: { mode: choice.mode, tools } }
}

function encodeFunction(tool: FunctionTool, report: Report): JsonObject {
  const definition: JsonObject = { name: tool.name }
  put(definition, 'description', tool.description)
  put(definition, 'parameters', tool.parameters)
  put(definition, 'strict', tool.strict)
  if (tool.inputExamples !== undefined) report.lost('tools.input_examples', tool.path, 'examples of a tool cannot be sent')
  return { type: 'function', function: definition }
}

function encodeCustom(tool: CustomTool, quirks: WireQuirks, report: Report): JsonObject {
  if (quirks.customTools !== true) {
    report.rewritten('tools.custom', tool.path, 'a custom tool was emulated as a function')
    if (tool.format?.['type'] === 'grammar')
      report.rewritten('tools.custom_grammar', tool.path, 'the grammar of a custom tool is only described')
    return finish(encodeFunction(emulatedCustomTool(tool), report), withoutOwnFields(tool, report), quirks, report)
  }
  const definition: JsonObject = { name: tool.name }
  put(definition, 'description', tool.description)
  put(definition, 'format', nestedFormat(tool.format))
  return finish({ type: 'custom', custom: definition }, tool, quirks, report)
}

/** An emulation has no place for unknown fields of the free-form definition itself. */
function withoutOwnFields(tool: CustomTool, report: Report): CustomTool {
  if (tool.extra?.format !== 'openai') return tool
  const { custom, ...fields } = tool.extra.fields
  if (isObject(custom))
    for (const key of Object.keys(custom))
      report.lost(
        'extension',
        pointer(pointer(tool.path ?? '', 'custom'), key),
        'a field of a custom tool has no place in its emulation',
      )
  return { ...tool, extra: { format: 'openai', fields } }
}

/** This format nests a grammar one level deeper than the canonical form. */
function nestedFormat(format: Record<string, unknown> | undefined): unknown {
  if (format?.['type'] !== 'grammar' || isObject(format['grammar'])) return format
  return { type: 'grammar', grammar: { syntax: format['syntax'], definition: format['definition'] } }
}

function encodeHosted(tool: HostedTool, report: Report): JsonObject[] {
  if (tool.origin === 'openai') return [tool.raw]
  report.lost('tools.hosted', tool.path, 'a tool that another provider runs was left out')
  return []
}

function finish(encoded: JsonObject, tool: FunctionTool | CustomTool, quirks: WireQuirks, report: Report): JsonObject {
  if (tool.deferLoading !== undefined) report.lost('tools.defer_loading', tool.path, 'tools cannot be loaded later')
  if (tool.allowedCallers !== undefined)
    report.lost('tools.allowed_callers', tool.path, 'the callers of a tool cannot be limited')
  if (tool.cache !== undefined) {
    if (quirks.cacheControl === true)
      encoded['cache_control'] = tool.cache.ttl === undefined ? { type: 'ephemeral' } : { type: 'ephemeral', ttl: tool.cache.ttl }
    else report.lost('cache_hint', tool.path, 'the upstream takes no cache markers')
  }
  addExtra(encoded, tool.extra, tool.path, report)
  return encoded
}
