import type { Feature } from '../../ir/feature.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { FunctionTool, ToolChoice, ToolDefinition } from '../../ir/tool.ts'
import { requireObject, requireString } from '../wire-values.ts'
import { marked } from './blocks-decoder.ts'
import { keepExtra } from '../extra-fields.ts'
import { FieldReader, requireList } from './fields.ts'

/** `toolConfig` into the request. */
export function decodeToolConfig(config: FieldReader, request: LlmRequest, paths: Partial<Record<Feature, string>>): void {
  const tools = config.any('tools')
  if (tools !== undefined) request.tools = decodeTools(tools, config.pathOf('tools'))
  const choice = config.record('toolChoice')
  if (choice === undefined) return
  request.toolChoice = choiceOf(choice)
  for (const kind of ['required', 'named', 'raw'] as const) paths[`tool_choice.${kind}`] = config.pathOf('toolChoice')
}

function decodeTools(value: unknown, path: string): ToolDefinition[] {
  const tools: ToolDefinition[] = []
  for (const [index, entry] of requireList(value, path).entries()) {
    const at = `${path}/${index}`
    const tool = requireObject(entry, at)
    const last = tools.at(-1)
    if (last !== undefined && marked(last, tool)) continue
    tools.push(decodeTool(tool, at))
  }
  return tools
}

function decodeTool(tool: JsonObject, path: string): ToolDefinition {
  const fields = new FieldReader(tool, path)
  const value = fields.record('toolSpec')
  if (value === undefined) {
    const kind = Object.keys(tool)[0] ?? 'tool'
    return { type: 'hosted', kind, origin: 'bedrock_converse', raw: tool, path }
  }
  const spec = new FieldReader(value, fields.pathOf('toolSpec'))
  const made: FunctionTool = { type: 'function', name: requireString(spec.any('name'), spec.pathOf('name')), path }
  const description = spec.string('description')
  if (description !== undefined) made.description = description
  const strict = spec.boolean('strict')
  if (strict !== undefined) made.strict = strict
  spec.inside('inputSchema', (input) => {
    const schema = input.any('json')
    if (schema === undefined) return
    made.parameters = schema
    made.parametersPath = input.pathOf('json')
  })
  const inner = spec.extra()
  if (inner !== undefined) fields.keep('toolSpec', inner.fields)
  return keepExtra(made, fields.extra())
}

function choiceOf(choice: JsonObject): ToolChoice {
  const [kind, ...others] = Object.keys(choice)
  const inner = kind === undefined ? undefined : choice[kind]
  const isEmpty = isObject(inner) && Object.keys(inner).length === 0
  if (others.length === 0 && kind === 'auto' && isEmpty) return { type: 'auto' }
  if (others.length === 0 && kind === 'any' && isEmpty) return { type: 'required' }
  if (
    others.length === 0 &&
    kind === 'tool' &&
    isObject(inner) &&
    typeof inner['name'] === 'string' &&
    Object.keys(inner).length === 1
  )
    return { type: 'named', name: inner['name'], toolType: 'function' }
  return { type: 'raw', origin: 'bedrock_converse', raw: choice }
}
