import type { JsonObject } from '../../ir/json.ts'
import { isObject } from '../../ir/json.ts'
import type { CustomTool, FunctionTool, HostedTool, ToolDefinition } from '../../ir/tool.ts'
import { emulatedCustomTool } from '../custom-tools.ts'
import { cacheControlOf } from './cache-control.ts'
import { withExtra, type EncodeContext } from './encode-context.ts'
import { inputSchemaOf, strictSchemaOf } from '../claude-schema.ts'
import { CONSTRAINT_DESCRIBED } from '../schema-notes.ts'
import { childPath } from '../extra-fields.ts'

/** Names the API takes; other formats stop at 64 characters, so the shared flattening is stricter than needed here. */
const VALID_NAME = /^[A-Za-z0-9_-]{1,128}$/

/** A tool's name on the wire: the client's own where that is valid, else its flat form. */
export function wireToolName(name: string, namespace: string | undefined, context: EncodeContext): string {
  return namespace === undefined && VALID_NAME.test(name) ? name : context.names.wireName(name, namespace)
}

export function encodeTools(context: EncodeContext): JsonObject[] | undefined {
  if (context.request.tools === undefined) return undefined
  const encoded: JsonObject[] = []
  for (const tool of context.request.tools) encodeTool(tool, undefined, context, encoded)
  return encoded.length > 0 || context.request.tools.length === 0 ? encoded : undefined
}

function encodeTool(tool: ToolDefinition, namespace: string | undefined, context: EncodeContext, into: JsonObject[]): void {
  switch (tool.type) {
    case 'namespace':
      context.report.rewritten('tools.namespace', tool.path, 'the tools of a namespace bear its name in front of theirs')
      if (tool.description !== undefined)
        context.report.edited(
          'tools.namespace',
          childPath(tool.path, 'description'),
          'the description of a dissolved namespace was left out',
        )
      if (tool.cache !== undefined) context.report.lost('cache_hint', tool.path, 'a namespace takes no cache marker')
      withExtra({}, tool, context.report)
      for (const nested of tool.tools)
        encodeTool(nested, namespace === undefined ? tool.name : `${namespace}__${tool.name}`, context, into)
      return
    case 'hosted':
      encodeHosted(tool, context, into)
      return
    case 'custom':
      reportCustom(tool, context)
      into.push(encodeFunction(emulatedCustomTool(tool), namespace, context))
      return
    case 'function':
      into.push(encodeFunction(tool, namespace, context))
  }
}

function reportCustom(tool: CustomTool, context: EncodeContext): void {
  context.report.rewritten('tools.custom', tool.path, 'a free-form tool is sent as a function with one text parameter')
  if (tool.format?.['type'] === 'grammar')
    context.report.rewritten('tools.custom_grammar', tool.path, 'the grammar of a free-form tool is told in its description')
  if (tool.extra !== undefined) withExtra({}, tool, context.report)
}

function encodeFunction(tool: FunctionTool, namespace: string | undefined, context: EncodeContext): JsonObject {
  const name = wireToolName(tool.name, namespace, context)
  if (namespace === undefined && name !== tool.name)
    context.report.rewritten('tools.name', tool.path, 'the name of a tool has characters the format does not take')
  const block: JsonObject = { name }
  if (tool.description !== undefined) block['description'] = tool.description
  block['input_schema'] = schemaOf(tool, context)
  if (tool.strict !== undefined) block['strict'] = tool.strict
  if (tool.deferLoading !== undefined) block['defer_loading'] = tool.deferLoading
  if (tool.allowedCallers !== undefined) block['allowed_callers'] = tool.allowedCallers
  if (tool.inputExamples !== undefined) block['input_examples'] = tool.inputExamples
  if (tool.cache !== undefined) block['cache_control'] = cacheControlOf(tool.cache)
  const merged = withExtra(block, tool, context.report)
  context.markers.add(merged, tool.path)
  return merged
}

function schemaOf(tool: FunctionTool, context: EncodeContext): unknown {
  if (context.isNative && tool.parameters !== undefined) return tool.parameters
  const input = inputSchemaOf(tool.parameters)
  const described = (pointer: string): void =>
    context.report.rewritten('schema_constraint', `${tool.parametersPath ?? tool.path ?? ''}${pointer}`, CONSTRAINT_DESCRIBED)
  const schema = tool.strict === true ? strictSchemaOf(input, described) : input
  if (schema !== tool.parameters && tool.parameters !== undefined)
    context.report.rewritten('tools.schema', tool.path, 'the schema of a tool was fitted to what the format takes')
  return schema
}

function encodeHosted(tool: HostedTool, context: EncodeContext, into: JsonObject[]): void {
  if (tool.origin !== 'anthropic') {
    context.report.lost('tools.hosted', tool.path, 'the tool is run by another provider')
    return
  }
  const block = tool.raw['cache_control'] === undefined ? tool.raw : { ...tool.raw }
  if (isObject(block['cache_control'])) context.markers.add(block, tool.path)
  into.push(block)
}
