import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { CustomTool, FunctionTool, NamespaceTool, ToolChoice, ToolDefinition } from '../../ir/tool.ts'
import { FieldReader } from './field-reader.ts'

/** `tools`: functions, custom tools and namespaces are modelled, every other type is a tool of the provider. */
export function decodeTools(tools: unknown, path: string): ToolDefinition[] | undefined {
  if (tools === undefined || tools === null) return undefined
  if (!Array.isArray(tools)) throw new GatewayError('invalid_body', 'tools must be a list', { param: 'tools' })
  return tools.map((tool, index) => decodeTool(tool, `${path}/${index}`))
}

function decodeTool(tool: unknown, path: string): ToolDefinition {
  const param = path
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.')
  if (!isObject(tool)) throw new GatewayError('invalid_body', `${param} must be an object`, { param })
  const type = tool['type']
  if (typeof type !== 'string')
    throw new GatewayError('invalid_body', `${param}.type must be a string`, { param: `${param}.type` })
  if (type !== 'function' && type !== 'custom' && type !== 'namespace') {
    return {
      type: 'hosted',
      kind: type,
      name: typeof tool['name'] === 'string' ? tool['name'] : undefined,
      origin: 'responses',
      raw: tool,
      path,
    }
  }
  // The nested form of Chat Completions is understood too; several servers of this format take both.
  const body =
    type === 'function' && isObject(tool['function']) && tool['name'] === undefined ? unnested(tool, tool['function']) : tool
  if (typeof body['name'] !== 'string')
    throw new GatewayError('invalid_body', `${param}.name must be a string`, { param: `${param}.name` })
  if (type === 'function') return decodeFunction(body, body['name'], path)
  return type === 'custom' ? decodeCustom(body, body['name'], path) : decodeNamespace(body, body['name'], path)
}

function unnested(tool: JsonObject, nested: JsonObject): JsonObject {
  const { function: _nested, ...outer } = tool
  return { ...outer, ...nested, type: 'function' }
}

function decodeFunction(tool: JsonObject, name: string, path: string): FunctionTool {
  const fields = new FieldReader(tool)
  fields.skip('type', 'name')
  const parameters = fields.any('parameters')
  return {
    type: 'function',
    name,
    description: fields.string('description'),
    parameters,
    parametersPath: parameters === undefined ? undefined : `${path}/parameters`,
    strict: fields.boolean('strict'),
    deferLoading: fields.boolean('defer_loading'),
    allowedCallers: fields.strings('allowed_callers'),
    path,
    extra: fields.extra(),
  }
}

function decodeCustom(tool: JsonObject, name: string, path: string): CustomTool {
  const fields = new FieldReader(tool)
  fields.skip('type', 'name')
  return {
    type: 'custom',
    name,
    description: fields.string('description'),
    format: fields.record('format'),
    deferLoading: fields.boolean('defer_loading'),
    allowedCallers: fields.strings('allowed_callers'),
    path,
    extra: fields.extra(),
  }
}

function decodeNamespace(tool: JsonObject, name: string, path: string): NamespaceTool {
  const fields = new FieldReader(tool)
  fields.skip('type', 'name', 'tools')
  return {
    type: 'namespace',
    name,
    description: fields.string('description'),
    tools: decodeTools(tool['tools'], `${path}/tools`) ?? [],
    path,
    extra: fields.extra(),
  }
}

/** `tool_choice`: words, a named tool, a subset; anything else is kept as it is. */
export function decodeToolChoice(choice: unknown): ToolChoice | undefined {
  if (choice === undefined || choice === null) return undefined
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice }
  if (!isObject(choice)) return { type: 'raw', origin: 'responses', raw: choice }
  const { type, name, namespace } = choice
  if ((type === 'function' || type === 'custom') && typeof name === 'string' && hasOnly(choice, ['type', 'name', 'namespace'])) {
    const toolType = type
    if (typeof namespace === 'string') return { type: 'named', name, namespace, toolType }
    if (namespace === undefined) return { type: 'named', name, toolType }
  }
  const { mode, tools } = choice
  if (type === 'allowed_tools' && (mode === 'auto' || mode === 'required') && Array.isArray(tools)) {
    const names = tools.flatMap((tool) => (isObject(tool) && typeof tool['name'] === 'string' ? [tool['name']] : []))
    return { type: 'allowed', mode, tools: names, raw: choice, origin: 'responses' }
  }
  return { type: 'raw', origin: 'responses', raw: choice }
}

function hasOnly(object: JsonObject, keys: string[]): boolean {
  return Object.keys(object).every((key) => keys.includes(key))
}
