import { isObject, type JsonObject } from '../../ir/json.ts'
import type { CustomTool, FunctionTool, ToolDefinition } from '../../ir/tool.ts'
import { emulatedCustomTool } from '../custom-tools.ts'
import { childPath } from '../extra-fields.ts'
import type { FunctionNames } from './function-names.ts'
import { reportCache, withExtra, type EncodeContext } from './encode-context.ts'
import { fittedSchema } from './fitted-schema.ts'

/** One entry of `tools`: the functions of a group, and tools that the vendor runs. */
interface Entry {
  /** Place of the entry in the body of a client of this format. */
  readonly path: string | undefined
  readonly written: JsonObject
}

/** `tools`: the functions in one entry, and hosted tools beside them; a client of this format finds its own entries again. */
export function encodeTools(names: FunctionNames, context: EncodeContext): JsonObject[] | undefined {
  const { tools } = context.request
  if (tools === undefined) return undefined
  const entries: Entry[] = []
  for (const tool of tools) encodeTool(tool, undefined, { entries, names, context })
  return entries.length > 0 || tools.length === 0 ? entries.map(({ written }) => written) : undefined
}

interface Target {
  readonly entries: Entry[]
  readonly names: FunctionNames
  readonly context: EncodeContext
}

function encodeTool(tool: ToolDefinition, namespace: string | undefined, target: Target): void {
  const { context } = target
  reportCache(tool, context)
  switch (tool.type) {
    case 'namespace':
      context.report.rewritten('tools.namespace', tool.path, 'the tools of a namespace bear its name in front of theirs')
      if (tool.description !== undefined)
        context.report.edited(
          'tools.namespace',
          childPath(tool.path, 'description'),
          'the description of a dissolved namespace was left out',
        )
      withExtra({}, tool, context.report)
      for (const nested of tool.tools)
        encodeTool(nested, namespace === undefined ? tool.name : `${namespace}__${tool.name}`, target)
      return
    case 'hosted':
      if (tool.origin === 'gemini') Object.assign(entryOf(tool.path, target), tool.raw)
      else context.report.lost('tools.hosted', tool.path, 'the tool is run by another provider')
      return
    case 'custom':
      reportCustom(tool, context)
      addFunction(emulatedCustomTool(tool), namespace, target)
      return
    case 'function':
      addFunction(tool, namespace, target)
  }
}

function addFunction(tool: FunctionTool, namespace: string | undefined, target: Target): void {
  const entry = entryOf(tool.path, target)
  const declared = (entry['functionDeclarations'] ??= []) as JsonObject[]
  declared.push(encodeFunction(tool, namespace, target))
}

/** The entry that a tool belongs to: of a client of this format the one it stood in, else one for all functions. */
function entryOf(path: string | undefined, { entries, context }: Target): JsonObject {
  const place = context.isNative ? /^\/tools\/\d+/.exec(path ?? '')?.[0] : undefined
  const last = entries.at(-1)
  if (last !== undefined && last.path === place) return last.written
  const written: JsonObject = {}
  entries.push({ path: place, written })
  return written
}

function encodeFunction(tool: FunctionTool, namespace: string | undefined, { names, context }: Target): JsonObject {
  const { report } = context
  const name = names.wireName(tool.name, namespace)
  if (namespace === undefined && name !== tool.name)
    report.rewritten('tools.name', tool.path, 'the name of a tool has characters the format does not take')
  const declaration: JsonObject = { name }
  if (tool.description !== undefined) declaration['description'] = tool.description
  putSchema(declaration, tool, context)
  if (tool.strict !== undefined)
    report.rewritten('tools.function_strict', tool.path, 'whether calls have to fit their schema is told for all tools together')
  if (tool.deferLoading !== undefined) report.lost('tools.defer_loading', tool.path, 'tools cannot be loaded later here')
  if (tool.allowedCallers !== undefined)
    report.lost('tools.allowed_callers', tool.path, 'who may call a tool cannot be told here')
  if (tool.inputExamples !== undefined) report.lost('tools.input_examples', tool.path, 'examples of input cannot be told here')
  return withExtra(declaration, tool, report)
}

function putSchema(declaration: JsonObject, tool: FunctionTool, context: EncodeContext): void {
  if (tool.dialect?.origin === 'gemini') {
    declaration['parameters'] = tool.dialect.schema
    return
  }
  if (tool.parameters === undefined) return
  if (!isObject(tool.parameters)) {
    if (context.isNative) declaration['parametersJsonSchema'] = tool.parameters
    else context.report.rewritten('tools.schema', tool.parametersPath ?? tool.path, 'the input of a tool has no schema')
    return
  }
  const isOpenApi = context.target.quirks.openApiSchemas === true
  const field = isOpenApi ? 'parameters' : 'parametersJsonSchema'
  if (context.isNative && !isOpenApi) declaration[field] = tool.parameters
  else declaration[field] = fittedSchema(withObjectType(tool.parameters), 'tools.schema', placeIn(tool), context)
}

const placeIn =
  ({ parametersPath, path }: FunctionTool) =>
  (pointer: string): string | undefined =>
    parametersPath === undefined ? path : `${parametersPath}${pointer}`

/** The input of a function is an object, whether its schema says so or not. */
function withObjectType(schema: JsonObject): JsonObject {
  return schema['type'] === undefined && schema['$ref'] === undefined ? { type: 'object', ...schema } : schema
}

function reportCustom(tool: CustomTool, { report }: EncodeContext): void {
  report.rewritten('tools.custom', tool.path, 'a free-form tool is sent as a function with one text parameter')
  if (tool.format?.['type'] === 'grammar')
    report.rewritten('tools.custom_grammar', tool.path, 'the grammar of a free-form tool is told in its description')
  if (tool.extra !== undefined) withExtra({}, tool, report)
}
