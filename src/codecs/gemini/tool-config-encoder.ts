import type { Feature } from '../../ir/feature.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { ToolChoice } from '../../ir/tool.ts'
import { fieldPath, type EncodeContext } from './encode-context.ts'
import type { FunctionNames } from './function-names.ts'

/** `toolConfig`: which functions may, must and must not be called. Without functions there is nothing to choose. */
export function encodeToolConfig(
  tools: readonly JsonObject[] | undefined,
  names: FunctionNames,
  context: EncodeContext,
): JsonObject | undefined {
  const declared = new Set(tools?.flatMap(declaredNames))
  reportParallel(context)
  const { toolChoice } = context.request
  if (declared.size === 0 && !context.isNative) {
    reportUnused(toolChoice, context)
    return undefined
  }
  const calling = callingConfig(toolChoice, { declared, names, context })
  return calling === undefined ? undefined : { functionCallingConfig: calling }
}

interface Offer {
  readonly declared: ReadonlySet<unknown>
  readonly names: FunctionNames
  readonly context: EncodeContext
}

function declaredNames({ functionDeclarations: declarations }: JsonObject): unknown[] {
  return Array.isArray(declarations) ? declarations.filter(isObject).map(({ name }) => name) : []
}

function callingConfig(choice: ToolChoice | undefined, offer: Offer): JsonObject | undefined {
  const { context } = offer
  const { report } = context
  switch (choice?.type) {
    case undefined:
      return checksCalls(context) ? { mode: 'VALIDATED' } : undefined
    case 'auto':
      return { mode: checksCalls(context) ? 'VALIDATED' : 'AUTO' }
    case 'none':
      return { mode: 'NONE' }
    case 'required':
      return { mode: 'ANY' }
    case 'validated':
      return { mode: 'VALIDATED' }
    case 'named':
      return named(choice, offer)
    case 'allowed':
      return allowed(choice, offer)
    case 'raw':
      if (choice.origin === 'gemini' && isObject(choice.raw)) return choice.raw
      report.lost('tool_choice.raw', fieldPath(context, 'tool_choice.raw'), 'the tool choice is unknown to the format')
      return undefined
  }
}

/** Strict tools of other formats: the mode in which every call fits its schema, whether one is forced or not. */
function checksCalls({ request, family, isNative }: EncodeContext): boolean {
  if (isNative || !family.validatedCalls) return false
  return request.tools?.some((tool) => tool.type === 'function' && tool.strict === true) ?? false
}

function named(choice: Extract<ToolChoice, { type: 'named' }>, { declared, names, context }: Offer): JsonObject | undefined {
  const name = names.wireName(choice.name, choice.namespace)
  const path = fieldPath(context, 'tool_choice.named')
  if (!declared.has(name) && !context.isNative) {
    context.report.edited('tool_choice.named', path, 'the chosen tool is not among those the format takes')
    return undefined
  }
  if (name !== choice.name) context.report.rewritten('tool_choice.named', path, 'the chosen tool has another name on the wire')
  return { mode: 'ANY', allowedFunctionNames: [name] }
}

function allowed(choice: Extract<ToolChoice, { type: 'allowed' }>, { declared, names, context }: Offer): JsonObject {
  const known = choice.tools.map((name) => names.wireName(name)).filter((name) => declared.has(name) || context.isNative)
  if (!context.isNative && (choice.mode === 'auto' || known.length < choice.tools.length))
    context.report.rewritten(
      'tool_choice.allowed',
      fieldPath(context, 'tool_choice.allowed'),
      'calls of some of the tools only are allowed by the mode that checks calls',
    )
  return {
    mode: choice.mode === 'required' ? 'ANY' : 'VALIDATED',
    ...(known.length === 0 ? {} : { allowedFunctionNames: known }),
  }
}

function reportParallel(context: EncodeContext): void {
  const { parallelToolCalls } = context.request
  if (parallelToolCalls === undefined) return
  const path = fieldPath(context, 'parallel_tool_calls')
  if (parallelToolCalls) context.report.rewritten('parallel_tool_calls', path, 'the format always allows parallel calls')
  else context.report.lost('parallel_tool_calls', path, 'parallel calls cannot be forbidden here')
}

function reportUnused(choice: ToolChoice | undefined, context: EncodeContext): void {
  if (choice === undefined) return
  const feature: Feature = choice.type === 'auto' || choice.type === 'none' ? 'tool_choice.raw' : `tool_choice.${choice.type}`
  context.report.edited(feature, fieldPath(context, feature), 'no tool was sent, so there is nothing to choose')
}
