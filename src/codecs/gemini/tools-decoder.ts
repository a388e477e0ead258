import { isObject, type JsonObject } from '../../ir/json.ts'
import type { FunctionTool, ToolChoice, ToolDefinition } from '../../ir/tool.ts'
import { childPath, keepExtra } from '../extra-fields.ts'
import { requireObject, requireString } from '../wire-values.ts'
import { FieldReader, listOf, underscoredName } from './fields.ts'
import { jsonSchemaOf } from './openapi-schema.ts'

/** `tools`: functions one by one, and every other entry as a tool that the vendor runs. */
export function decodeTools(value: unknown, path: string): ToolDefinition[] | undefined {
  if (value === undefined) return undefined
  return listOf(value).flatMap((tool, index) => decodeTool(requireObject(tool, `${path}/${index}`), `${path}/${index}`))
}

function decodeTool(tool: JsonObject, path: string): ToolDefinition[] {
  const fields = new FieldReader(tool, path)
  const declared = fields.pathOf('functionDeclarations')
  const functions = listOf(fields.any('functionDeclarations')).map((entry, index) =>
    decodeFunction(requireObject(entry, `${declared}/${index}`), `${declared}/${index}`),
  )
  const hosted = fields.rest().map((key): ToolDefinition => ({
    type: 'hosted',
    kind: underscoredName(key),
    origin: 'gemini',
    raw: { [key]: tool[key] },
    path: childPath(path, key),
  }))
  return [...functions, ...hosted]
}

function decodeFunction(declaration: JsonObject, path: string): FunctionTool {
  const fields = new FieldReader(declaration, path)
  const tool: FunctionTool = { type: 'function', name: requireString(fields.any('name'), fields.pathOf('name')), path }
  const description = fields.string('description')
  if (description !== undefined) tool.description = description
  readSchema(tool, fields)
  return keepExtra(tool, fields.extra())
}

/** JSON Schema in one field, or the format's own dialect in the other. */
function readSchema(tool: FunctionTool, fields: FieldReader): void {
  const schema = fields.any('parametersJsonSchema')
  if (schema !== undefined) {
    tool.parameters = schema
    tool.parametersPath = fields.pathOf('parametersJsonSchema')
    return
  }
  const dialect = fields.any('parameters')
  if (dialect === undefined) return
  tool.parameters = jsonSchemaOf(dialect)
  tool.parametersPath = fields.pathOf('parameters')
  tool.dialect = { origin: 'gemini', schema: dialect }
}

export interface DecodedToolConfig {
  readonly choice: ToolChoice | undefined
  readonly path: string
}

/** The choice in `functionCallingConfig`; whatever else the configuration says stays among the reader's unread fields. */
export function decodeFunctionCalling(
  value: unknown,
  path: string,
): DecodedToolConfig & { readonly rest: JsonObject | undefined } {
  const fields = new FieldReader(requireObject(value, path), path)
  const mode = fields.string('mode')
  const names = fields.strings('allowedFunctionNames')
  const choice = mode === undefined && names === undefined ? undefined : choiceOf(mode, names, value)
  return { choice, path, rest: fields.extra()?.fields }
}

function choiceOf(mode: string | undefined, names: string[] | undefined, raw: unknown): ToolChoice {
  const [only, ...others] = names ?? []
  switch (mode?.toUpperCase()) {
    case 'AUTO':
    case undefined:
      if (only === undefined) return { type: 'auto' }
      break
    case 'NONE':
      if (only === undefined) return { type: 'none' }
      break
    case 'VALIDATED':
      if (only === undefined) return { type: 'validated' }
      return { type: 'allowed', mode: 'auto', tools: [only, ...others], raw, origin: 'gemini' }
    case 'ANY':
      if (only === undefined) return { type: 'required' }
      if (others.length === 0) return { type: 'named', name: only, toolType: 'function' }
      return { type: 'allowed', mode: 'required', tools: [only, ...others], raw, origin: 'gemini' }
    default:
  }
  return { type: 'raw', origin: 'gemini', raw: withoutUnread(raw) }
}

/** The two fields that make a choice. */
function withoutUnread(raw: unknown): JsonObject {
  const choice = isObject(raw) ? raw : {}
  const names = choice['allowedFunctionNames'] ?? choice['allowed_function_names']
  return { mode: choice['mode'], ...(names === undefined ? {} : { allowedFunctionNames: names }) }
}
