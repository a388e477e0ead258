import type { Feature } from '../../ir/feature.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { FunctionTool, ToolChoice, ToolDefinition } from '../../ir/tool.ts'
import { assertNever } from '../../lib/assert-never.ts'
import { ToolNames } from '../namespaces.ts'
import type { Report } from '../report.ts'
import { put, putExtra } from './field-writer.ts'

/** Names that the API takes. */
const VALID_NAME = /^[A-Za-z0-9_-]{1,128}$/

/** A tool's name as the API takes it; the same one in definitions, calls and choices. Names of this format are left alone. */
export function wireToolName(name: string, native: boolean): string {
  return native || VALID_NAME.test(name) ? name : new ToolNames(undefined).wireName(name)
}

/** The tools of a request in this format. Hosted tools of other providers are left out. */
export function encodeTools(tools: readonly ToolDefinition[], native: boolean, report: Report): JsonObject[] {
  const encoded: JsonObject[] = []
  for (const tool of tools) {
    const wire = encodeTool(tool, native, report)
    if (wire !== undefined) encoded.push(wire)
  }
  return encoded
}

function encodeTool(tool: ToolDefinition, native: boolean, report: Report): JsonObject | undefined {
  if (tool.cache !== undefined)
    report.lost('cache_hint', tool.path, 'cache markers are not possible here; the provider caches by itself')
  switch (tool.type) {
    case 'hosted':
      if (tool.origin === 'responses') return tool.raw
      report.lost('tools.hosted', tool.path, 'a tool that another provider runs was left out')
      return undefined
    case 'function':
      return encodeFunction(tool, native, report)
    case 'custom': {
      const encoded: JsonObject = { type: 'custom', name: nameOf(tool, native, report) }
      put(encoded, 'description', tool.description)
      put(encoded, 'format', tool.format)
      return withShared(encoded, tool, native, report)
    }
    case 'namespace': {
      const encoded: JsonObject = { type: 'namespace', name: tool.name }
      put(encoded, 'description', tool.description ?? (native ? undefined : tool.name))
      encoded['tools'] = encodeTools(tool.tools, native, report)
      return withShared(encoded, tool, native, report)
    }
    default:
      return assertNever(tool)
  }
}

/** The API tries strict validation when nothing is said, other formats do not: the default of the client's format is spelled out. */
function encodeFunction(tool: FunctionTool, native: boolean, report: Report): JsonObject {
  const encoded: JsonObject = { type: 'function', name: nameOf(tool, native, report) }
  put(encoded, 'description', tool.description)
  put(encoded, 'parameters', tool.parameters ?? (native ? undefined : { type: 'object', properties: {} }))
  put(encoded, 'strict', tool.strict ?? (native ? undefined : false))
  if (tool.inputExamples !== undefined) report.lost('tools.input_examples', tool.path, 'input examples of a tool were left out')
  return withShared(encoded, tool, native, report)
}

function nameOf(tool: { readonly name: string; readonly path?: string | undefined }, native: boolean, report: Report): string {
  const name = wireToolName(tool.name, native)
  if (name !== tool.name) report.rewritten('tools.name', tool.path, 'the name of a tool was made acceptable')
  return name
}

function withShared(encoded: JsonObject, tool: ToolDefinition, native: boolean, report: Report): JsonObject {
  if (tool.deferLoading !== undefined) {
    if (native) encoded['defer_loading'] = tool.deferLoading
    else if (tool.deferLoading) report.lost('tools.defer_loading', tool.path, 'deferred loading of a tool was left out')
  }
  if (tool.allowedCallers !== undefined) {
    if (native) encoded['allowed_callers'] = tool.allowedCallers
    else report.lost('tools.allowed_callers', tool.path, 'who may call a tool was left out')
  }
  putExtra(encoded, tool.extra, tool.path, report)
  return encoded
}

/** `tool_choice`, or undefined when there is nothing to say. */
export function encodeToolChoice(choice: ToolChoice, request: LlmRequest, report: Report): unknown {
  const at = (feature: 'tool_choice.validated' | 'tool_choice.raw' | 'tool_choice.allowed'): string =>
    request.paths?.[feature] ?? ''
  switch (choice.type) {
    case 'auto':
    case 'none':
    case 'required':
      return choice.type
    case 'validated':
      report.rewritten('tool_choice.validated', at('tool_choice.validated'), 'a validated tool choice was sent as auto')
      return 'auto'
    case 'named':
      return {
        type: choice.toolType,
        name: wireToolName(choice.name, request.origin === 'responses'),
        ...(choice.namespace === undefined ? {} : { namespace: choice.namespace }),
      }
    case 'allowed':
      if (choice.origin === 'responses') return choice.raw
      report.rewritten(
        'tool_choice.allowed',
        at('tool_choice.allowed'),
        'the allowed tools were written in the form of this format',
      )
      return {
        type: 'allowed_tools',
        mode: choice.mode,
        tools: choice.tools.map((name) => ({ type: toolTypeOf(name, request), name: wireToolName(name, false) })),
      }
    case 'raw':
      if (choice.origin === 'responses') return choice.raw
      report.lost('tool_choice.raw', at('tool_choice.raw'), 'a tool choice of another format was left out')
      return undefined
    default:
      return assertNever(choice)
  }
}

/** A choice without tools is refused, so it is left out. */
export function reportUselessChoice(choice: ToolChoice, request: LlmRequest, report: Report): void {
  const code: Feature = choice.type === 'auto' || choice.type === 'none' ? 'tool_choice.raw' : `tool_choice.${choice.type}`
  report.edited(code, request.paths?.[code], 'there are no tools to choose from')
}

function toolTypeOf(name: string, request: LlmRequest): 'function' | 'custom' {
  return request.tools?.find((tool) => tool.type === 'custom' && tool.name === name) === undefined ? 'function' : 'custom'
}
