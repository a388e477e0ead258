import type { JsonObject } from '../../ir/json.ts'
import { isObject } from '../../ir/json.ts'
import type { FunctionTool, HostedTool, ToolChoice, ToolDefinition } from '../../ir/tool.ts'
import { cacheHintOf, readCacheControl } from './cache-control.ts'
import { addExtra, invalid, optionalBoolean, optionalString, optionalStrings, requireObject, requireString } from './reader.ts'

export function decodeTools(tools: unknown): ToolDefinition[] | undefined {
  if (tools === undefined || tools === null) return undefined
  if (!Array.isArray(tools)) return invalid('/tools', 'must be an array')
  return tools.map((tool, index) => decodeTool(requireObject(tool, `/tools/${index}`), `/tools/${index}`))
}

/** Tools without a type, or of type `custom`, belong to the client; every other type is one that Anthropic defines. */
function decodeTool(tool: JsonObject, path: string): ToolDefinition {
  const type = tool['type']
  if (type === undefined || type === null || type === 'custom') return decodeFunction(tool, path)
  const hosted: HostedTool = { type: 'hosted', kind: requireString(type, `${path}/type`), origin: 'anthropic', raw: tool, path }
  if (typeof tool['name'] === 'string') hosted.name = tool['name']
  const hint = cacheHintOf(tool['cache_control'])
  if (hint !== undefined) hosted.cache = hint
  return hosted
}

function decodeFunction(tool: JsonObject, path: string): FunctionTool {
  const decoded: FunctionTool = { type: 'function', name: requireString(tool['name'], `${path}/name`), path }
  for (const key of Object.keys(tool)) {
    const value = tool[key]
    if (value === null) continue
    switch (key) {
      case 'name':
        break
      case 'description':
        decoded.description = optionalString(value, `${path}/description`)
        break
      case 'input_schema':
        decoded.parameters = value
        decoded.parametersPath = `${path}/input_schema`
        break
      case 'strict':
        decoded.strict = optionalBoolean(value, `${path}/strict`)
        break
      case 'defer_loading':
        decoded.deferLoading = optionalBoolean(value, `${path}/defer_loading`)
        break
      case 'allowed_callers':
        decoded.allowedCallers = optionalStrings(value, `${path}/allowed_callers`)
        break
      case 'input_examples':
        if (Array.isArray(value)) decoded.inputExamples = value
        else addExtra(decoded, key, value)
        break
      case 'cache_control':
        readCacheControl(decoded, value)
        break
      default:
        addExtra(decoded, key, value)
    }
  }
  return decoded
}

export interface DecodedToolChoice {
  readonly choice: ToolChoice
  readonly parallel: boolean | undefined
}

export function decodeToolChoice(value: unknown): DecodedToolChoice | undefined {
  if (value === undefined || value === null) return undefined
  const choice = requireObject(value, '/tool_choice')
  const { type, name, disable_parallel_tool_use: disableParallel, ...rest } = choice
  const parallel = typeof disableParallel === 'boolean' ? !disableParallel : undefined
  const isPlain = Object.keys(rest).length === 0 && (disableParallel === undefined || parallel !== undefined)
  if (isPlain && type === 'tool' && typeof name === 'string')
    return { choice: { type: 'named', name, toolType: 'function' }, parallel }
  if (isPlain && name === undefined) {
    if (type === 'auto') return { choice: { type: 'auto' }, parallel }
    if (type === 'any') return { choice: { type: 'required' }, parallel }
    if (type === 'none' && parallel === undefined) return { choice: { type: 'none' }, parallel }
  }
  if (!isObject(choice) || typeof type !== 'string') return invalid('/tool_choice/type', 'must be a string')
  return { choice: { type: 'raw', origin: 'anthropic', raw: choice }, parallel: undefined }
}
