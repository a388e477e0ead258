import { isObject, type JsonObject } from '../../ir/json.ts'
import type { CustomTool, FunctionTool, HostedTool, ToolChoice, ToolDefinition } from '../../ir/tool.ts'
import { inputSchemaOf } from '../claude-schema.ts'
import { emulatedCustomTool } from '../custom-tools.ts'
import { childPath } from '../extra-fields.ts'
import { fieldPath, withExtra, type EncodeContext } from './encode-context.ts'

/** `toolConfig`: the tools and what may be chosen among them. Undefined where there is none. */
export function encodeToolConfig(context: EncodeContext): JsonObject | undefined {
  const { toolChoice, tools } = context.request
  const wanted = tools === undefined || !mayBeLeftOut(toolChoice, context) ? tools : leftOut(tools, context)
  const encoded: JsonObject[] = []
  for (const tool of wanted ?? []) encodeTool(tool, undefined, context, encoded)
  reportParallel(encoded, context)
  if (encoded.length === 0 && !context.isNative) {
    reportUnused(toolChoice, context)
    return undefined
  }
  const choice = choiceOf(encoded, context)
  if (wanted === undefined && choice === undefined) return undefined
  return { ...(wanted === undefined ? {} : { tools: encoded }), ...(choice === undefined ? {} : { toolChoice: choice }) }
}

/** The format cannot forbid calls. Without tools there are none either, but calls of earlier turns need their tools. */
function mayBeLeftOut(choice: ToolChoice | undefined, { request, isNative }: EncodeContext): boolean {
  if (choice?.type !== 'none' || isNative) return false
  return !request.messages.some(({ content }) => content.some(({ type }) => type === 'tool-call' || type === 'tool-result'))
}

function leftOut(tools: readonly ToolDefinition[], context: EncodeContext): undefined {
  for (const tool of tools) context.report.edited('tool_choice.none', tool.path, 'no tool is offered, as none may be called')
  return undefined
}

function encodeTool(tool: ToolDefinition, namespace: string | undefined, context: EncodeContext, into: JsonObject[]): void {
  const { report } = context
  switch (tool.type) {
    case 'namespace':
      report.rewritten('tools.namespace', tool.path, 'the tools of a namespace bear its name in front of theirs')
      if (tool.description !== undefined)
        report.edited(
          'tools.namespace',
          childPath(tool.path, 'description'),
          'the description of a dissolved namespace was left out',
        )
      if (tool.cache !== undefined) report.lost('cache_hint', tool.path, 'a namespace takes no cache point')
      withExtra({}, tool, report)
      for (const nested of tool.tools)
        encodeTool(nested, namespace === undefined ? tool.name : `${namespace}__${tool.name}`, context, into)
      return
    case 'hosted':
      encodeHosted(tool, context, into)
      return
    case 'custom':
      reportCustom(tool, context)
      encodeFunction(emulatedCustomTool(tool), namespace, context, into)
      return
    case 'function':
      encodeFunction(tool, namespace, context, into)
  }
}

function encodeHosted(tool: HostedTool, context: EncodeContext, into: JsonObject[]): void {
  if (tool.origin !== 'bedrock_converse') {
    context.report.lost('tools.hosted', tool.path, 'the tool is run by another provider')
    return
  }
  into.push(tool.raw)
  if (tool.cache !== undefined) context.points.add(into, tool.cache, tool.path)
}

function reportCustom(tool: CustomTool, { report }: EncodeContext): void {
  report.rewritten('tools.custom', tool.path, 'a free-form tool is sent as a function with one text parameter')
  if (tool.format?.['type'] === 'grammar')
    report.rewritten('tools.custom_grammar', tool.path, 'the grammar of a free-form tool is told in its description')
  if (tool.extra !== undefined) withExtra({}, tool, report)
}

function encodeFunction(tool: FunctionTool, namespace: string | undefined, context: EncodeContext, into: JsonObject[]): void {
  const { report, isNative } = context
  const name = context.names.wireName(tool.name, namespace)
  if (namespace === undefined && name !== tool.name)
    report.rewritten('tools.name', tool.path, 'the name of a tool has characters the format does not take')
  const toolSpec: JsonObject = { name }
  if (tool.description !== undefined && (tool.description !== '' || isNative)) toolSpec['description'] = tool.description
  const schema = schemaOf(tool, context)
  if (schema !== undefined) toolSpec['inputSchema'] = { json: schema }
  if (tool.strict !== undefined) {
    if (isNative) toolSpec['strict'] = tool.strict
    else if (tool.strict) report.lost('tools.function_strict', tool.path, 'few models behind the format keep to a schema')
    else report.rewritten('tools.function_strict', tool.path, 'without a word a call need not fit its schema')
  }
  if (tool.deferLoading !== undefined) report.lost('tools.defer_loading', tool.path, 'tools cannot be loaded later here')
  if (tool.allowedCallers !== undefined)
    report.lost('tools.allowed_callers', tool.path, 'who may call a tool cannot be told here')
  if (tool.inputExamples !== undefined) report.lost('tools.input_examples', tool.path, 'examples of input cannot be told here')
  into.push(withExtra({ toolSpec }, tool, report))
  if (tool.cache !== undefined) context.points.add(into, tool.cache, tool.path)
}

function schemaOf(tool: FunctionTool, context: EncodeContext): unknown {
  if (context.isNative) return tool.parameters
  const schema = inputSchemaOf(tool.parameters)
  if (schema !== tool.parameters && tool.parameters !== undefined)
    context.report.rewritten('tools.schema', tool.path, 'the schema of a tool was fitted to what the format takes')
  return schema
}

/** True for choices that force a call, which Claude's models refuse beside thinking. */
export function forcesCall(toolConfig: JsonObject | undefined): boolean {
  const choice = toolConfig?.['toolChoice']
  return isObject(choice) && (choice['any'] !== undefined || choice['tool'] !== undefined)
}

function choiceOf(tools: readonly JsonObject[], context: EncodeContext): JsonObject | undefined {
  const { report } = context
  const choice = context.request.toolChoice
  switch (choice?.type) {
    case undefined:
      return undefined
    case 'auto':
      return { auto: {} }
    case 'none':
      report.lost(
        'tool_choice.none',
        fieldPath(context, 'tool_choice.none'),
        'calls cannot be forbidden where earlier turns hold some',
      )
      return undefined
    case 'required':
      return { any: {} }
    case 'validated':
      report.rewritten(
        'tool_choice.validated',
        fieldPath(context, 'tool_choice.validated'),
        'the format has no validated calls; the model chooses',
      )
      return { auto: {} }
    case 'named':
      return namedChoice(choice, tools, context)
    case 'allowed':
      return allowedChoice(choice, tools, context)
    case 'raw':
      if (choice.origin === 'bedrock_converse' && isObject(choice.raw)) return choice.raw
      report.lost('tool_choice.raw', fieldPath(context, 'tool_choice.raw'), 'the tool choice is unknown to the format')
      return undefined
  }
}

const isOffered = (name: string, tools: readonly JsonObject[]): boolean =>
  tools.some(({ toolSpec }) => isObject(toolSpec) && toolSpec['name'] === name)

function namedChoice(
  choice: Extract<ToolChoice, { type: 'named' }>,
  tools: readonly JsonObject[],
  context: EncodeContext,
): JsonObject | undefined {
  const name = context.names.wireName(choice.name, choice.namespace)
  const path = fieldPath(context, 'tool_choice.named')
  if (!isOffered(name, tools) && !context.isNative) {
    context.report.edited('tool_choice.named', path, 'the chosen tool is not among those the format takes')
    return undefined
  }
  if (name !== choice.name) context.report.rewritten('tool_choice.named', path, 'the chosen tool has another name on the wire')
  return { tool: { name } }
}

/** One allowed and required tool is a named choice; a larger set cannot be told without changing the cached list of tools. */
function allowedChoice(
  choice: Extract<ToolChoice, { type: 'allowed' }>,
  tools: readonly JsonObject[],
  context: EncodeContext,
): JsonObject {
  const path = fieldPath(context, 'tool_choice.allowed')
  const [only, ...others] = choice.tools
  const name = only === undefined ? undefined : context.names.wireName(only)
  if (name !== undefined && choice.mode === 'required' && others.length === 0 && isOffered(name, tools)) {
    context.report.rewritten('tool_choice.allowed', path, 'the only allowed tool became the chosen one')
    return { tool: { name } }
  }
  context.report.lost('tool_choice.allowed', path, 'the format cannot restrict a choice to some of the tools')
  return choice.mode === 'required' ? { any: {} } : { auto: {} }
}

function reportParallel(tools: readonly JsonObject[], context: EncodeContext): void {
  const { parallelToolCalls } = context.request
  if (parallelToolCalls === undefined) return
  const path = fieldPath(context, 'parallel_tool_calls')
  if (tools.length === 0) context.report.edited('parallel_tool_calls', path, 'no tool was sent, so there is nothing to call')
  else if (parallelToolCalls) context.report.rewritten('parallel_tool_calls', path, 'the format always allows parallel calls')
  else context.report.lost('parallel_tool_calls', path, 'parallel calls cannot be forbidden here')
}

function reportUnused(choice: ToolChoice | undefined, context: EncodeContext): void {
  if (choice === undefined || choice.type === 'auto') return
  const feature = `tool_choice.${choice.type}` as const
  context.report.edited(feature, fieldPath(context, feature), 'no tool was sent, so there is nothing to choose')
}
