import { isObject, type JsonObject } from '../../ir/json.ts'
import type { CustomTool, FunctionTool, HostedTool, ToolChoice, ToolDefinition } from '../../ir/tool.ts'
import { FieldReader, invalidBody } from './fields.ts'
import { readCache } from './part-decoder.ts'

/** Decodes `tools[]`. Types other than function and custom are taken for tools that the upstream runs itself. */
export function decodeTools(tools: readonly unknown[]): ToolDefinition[] {
  return tools.map((tool, index) => {
    if (!isObject(tool)) throw invalidBody(`tools[${index}] must be an object`, `tools[${index}]`)
    const type = tool['type'] ?? (isObject(tool['function']) ? 'function' : undefined)
    if (typeof type !== 'string') throw invalidBody(`tools[${index}] has no type`, `tools[${index}].type`)
    if (type === 'function') return decodeFunction(tool, index)
    return type === 'custom' ? decodeCustom(tool, index) : decodeHosted(tool, type, index)
  })
}

/** Decodes the old `functions[]`, whose entries have no wrapper. */
export function decodeFunctions(functions: readonly unknown[]): FunctionTool[] {
  return functions.map((definition, index) => {
    if (!isObject(definition)) throw invalidBody(`functions[${index}] must be an object`, `functions[${index}]`)
    const fields = new FieldReader(definition)
    const tool = readFunction(fields, `functions[${index}].name`)
    const extra = fields.extra()
    tool.path = `/functions/${index}`
    if (extra !== undefined) tool.extra = { format: 'openai', fields: { function: extra.fields } }
    return tool
  })
}

/** Decodes `tool_choice`; what is not understood is kept in its own words. */
export function decodeToolChoice(choice: unknown): ToolChoice {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice }
  if (choice === 'any') return { type: 'required' } // Mistral's word
  if (isObject(choice)) {
    const named = namedChoice(choice)
    if (named !== undefined) return named
    const allowed = choice['allowed_tools']
    if (choice['type'] === 'allowed_tools' && isObject(allowed) && Array.isArray(allowed['tools'])) {
      const mode = allowed['mode'] === 'required' ? 'required' : 'auto'
      return {
        type: 'allowed',
        mode,
        tools: allowed['tools'].map(nameOfReference).filter((name) => name !== undefined),
        raw: choice,
        origin: 'openai',
      }
    }
  }
  return { type: 'raw', origin: 'openai', raw: choice }
}

/** Decodes the old `function_call` of a request. */
export function decodeFunctionCallChoice(choice: unknown): ToolChoice {
  if (isObject(choice) && typeof choice['name'] === 'string') return { type: 'named', name: choice['name'], toolType: 'function' }
  return decodeToolChoice(choice)
}

function namedChoice(choice: JsonObject): ToolChoice | undefined {
  for (const toolType of ['function', 'custom'] as const) {
    const named = choice[toolType]
    if (choice['type'] !== toolType || !isObject(named) || typeof named['name'] !== 'string') continue
    // More than the name would be lost, so the choice then stays in its own words.
    if (Object.keys(choice).length === 2 && Object.keys(named).length === 1)
      return { type: 'named', name: named['name'], toolType }
  }
  return undefined
}

function nameOfReference(reference: unknown): string | undefined {
  if (!isObject(reference)) return undefined
  const inner = isObject(reference['function'])
    ? reference['function']
    : isObject(reference['custom'])
      ? reference['custom']
      : reference
  return typeof inner['name'] === 'string' ? inner['name'] : undefined
}

function decodeFunction(tool: JsonObject, index: number): FunctionTool {
  const fields = new FieldReader(tool)
  fields.string('type')
  const definition = fields.record('function')
  if (definition === undefined) throw invalidBody(`tools[${index}].function must be an object`, `tools[${index}].function`)
  const inner = new FieldReader(definition)
  const decoded = readFunction(inner, `tools[${index}].function.name`)
  if (decoded.parameters !== undefined) decoded.parametersPath = `/tools/${index}/function/parameters`
  fields.keepNested('function', inner.extra())
  return finishTool(decoded, fields, index)
}

function readFunction(fields: FieldReader, param: string): FunctionTool {
  const name = fields.string('name')
  if (name === undefined) throw invalidBody(`${param} must be a string`, param)
  const tool: FunctionTool = { type: 'function', name }
  const description = fields.string('description')
  const parameters = fields.any('parameters')
  const strict = fields.boolean('strict')
  if (description !== undefined) tool.description = description
  if (parameters !== undefined) tool.parameters = parameters
  if (strict !== undefined) tool.strict = strict
  return tool
}

function decodeCustom(tool: JsonObject, index: number): CustomTool {
  const fields = new FieldReader(tool)
  fields.string('type')
  const definition = fields.record('custom')
  const inner = definition === undefined ? undefined : new FieldReader(definition)
  const name = inner?.string('name')
  if (inner === undefined || name === undefined)
    throw invalidBody(`tools[${index}].custom.name must be a string`, `tools[${index}].custom.name`)
  const decoded: CustomTool = { type: 'custom', name }
  const description = inner.string('description')
  const format = flatFormat(inner.record('format'))
  if (description !== undefined) decoded.description = description
  if (format !== undefined) decoded.format = format
  else inner.release('format')
  fields.keepNested('custom', inner.extra())
  return finishTool(decoded, fields, index)
}

/** The format in the flat shape of the canonical form, or undefined when it holds anything else. */
function flatFormat(format: JsonObject | undefined): Record<string, unknown> | undefined {
  if (format === undefined) return undefined
  const keys = Object.keys(format).length
  if (format['type'] === 'text' && keys === 1) return format
  const grammar = format['grammar']
  if (format['type'] !== 'grammar' || keys !== 2 || !isObject(grammar)) return undefined
  const { syntax, definition, ...rest } = grammar
  return typeof syntax === 'string' && typeof definition === 'string' && Object.keys(rest).length === 0
    ? { type: 'grammar', syntax, definition }
    : undefined
}

function decodeHosted(tool: JsonObject, kind: string, index: number): HostedTool {
  const decoded: HostedTool = { type: 'hosted', kind, origin: 'openai', raw: tool, path: `/tools/${index}` }
  if (typeof tool['name'] === 'string') decoded.name = tool['name']
  return decoded
}

function finishTool<Tool extends FunctionTool | CustomTool>(tool: Tool, fields: FieldReader, index: number): Tool {
  const cache = readCache(fields)
  const extra = fields.extra()
  tool.path = `/tools/${index}`
  if (cache !== undefined) tool.cache = cache
  if (extra !== undefined) tool.extra = extra
  return tool
}
