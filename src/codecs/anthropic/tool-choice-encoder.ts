import { isObject, type JsonObject } from '../../ir/json.ts'
import { fieldPath, type EncodeContext } from './encode-context.ts'
import { wireToolName } from './tools-encoder.ts'

/** `tool_choice` with the parallel switch inside it. Without tools the API refuses the field. */
export function encodeToolChoice(tools: JsonObject[] | undefined, context: EncodeContext): JsonObject | undefined {
  const { toolChoice, parallelToolCalls } = context.request
  const hasTools = tools !== undefined && tools.length > 0
  if (!hasTools && !context.isNative) {
    reportUnused(context)
    return undefined
  }
  const choice = choiceOf(tools ?? [], context)
  if (parallelToolCalls === undefined) return choice
  if (choice === undefined) return { type: 'auto', disable_parallel_tool_use: !parallelToolCalls }
  // No call at all: there is nothing to run in parallel.
  if (choice['type'] === 'none' || toolChoice?.type === 'raw') {
    context.report.edited(
      'parallel_tool_calls',
      fieldPath(context, 'parallel_tool_calls'),
      'the tool choice has no parallel switch',
    )
    return choice
  }
  return { ...choice, disable_parallel_tool_use: !parallelToolCalls }
}

/** True for choices that force a call, which the API refuses beside thinking. */
export function forcesCall(choice: JsonObject | undefined): boolean {
  return choice?.['type'] === 'any' || choice?.['type'] === 'tool'
}

function choiceOf(tools: JsonObject[], context: EncodeContext): JsonObject | undefined {
  const choice = context.request.toolChoice
  switch (choice?.type) {
    case undefined:
      return undefined
    case 'auto':
      return { type: 'auto' }
    case 'none':
      return { type: 'none' }
    case 'required':
      return { type: 'any' }
    case 'validated':
      context.report.rewritten(
        'tool_choice.validated',
        fieldPath(context, 'tool_choice.validated'),
        'the format has no validated calls; the model chooses',
      )
      return { type: 'auto' }
    case 'named': {
      const name = wireToolName(choice.name, choice.namespace, context)
      if (context.isNative || tools.some((tool) => tool['name'] === name)) {
        if (name !== choice.name)
          context.report.rewritten(
            'tool_choice.named',
            fieldPath(context, 'tool_choice.named'),
            'the chosen tool has another name on the wire',
          )
        return { type: 'tool', name }
      }
      // Naming a tool that was not sent would be refused.
      context.report.edited(
        'tool_choice.named',
        fieldPath(context, 'tool_choice.named'),
        'the chosen tool is not among those the format takes',
      )
      return undefined
    }
    case 'allowed':
      return allowedChoice(choice, tools, context)
    case 'raw':
      if (choice.origin === 'anthropic' && isObject(choice.raw)) return choice.raw
      context.report.lost('tool_choice.raw', fieldPath(context, 'tool_choice.raw'), 'the tool choice is unknown to the format')
      return undefined
  }
}

/** One allowed and required tool is a named choice; a larger set cannot be told without changing the cached list of tools. */
function allowedChoice(
  choice: { readonly mode: 'auto' | 'required'; readonly tools: string[] },
  tools: JsonObject[],
  context: EncodeContext,
): JsonObject {
  const [only] = choice.tools
  const name = only === undefined ? undefined : wireToolName(only, undefined, context)
  // Naming a tool that was not sent would be refused.
  if (choice.mode === 'required' && choice.tools.length === 1 && tools.some((tool) => tool['name'] === name)) {
    context.report.rewritten(
      'tool_choice.allowed',
      fieldPath(context, 'tool_choice.allowed'),
      'the only allowed tool became the chosen one',
    )
    return { type: 'tool', name }
  }
  context.report.lost(
    'tool_choice.allowed',
    fieldPath(context, 'tool_choice.allowed'),
    'the format cannot restrict a choice to some of the tools',
  )
  return { type: choice.mode === 'required' ? 'any' : 'auto' }
}

function reportUnused(context: EncodeContext): void {
  const { toolChoice, parallelToolCalls } = context.request
  const message = 'no tool was sent, so there is nothing to choose'
  if (toolChoice?.type === 'required')
    context.report.edited('tool_choice.required', fieldPath(context, 'tool_choice.required'), message)
  if (toolChoice?.type === 'named') context.report.edited('tool_choice.named', fieldPath(context, 'tool_choice.named'), message)
  if (toolChoice?.type === 'allowed')
    context.report.edited('tool_choice.allowed', fieldPath(context, 'tool_choice.allowed'), message)
  if (toolChoice?.type === 'validated')
    context.report.edited('tool_choice.validated', fieldPath(context, 'tool_choice.validated'), message)
  if (toolChoice?.type === 'raw') context.report.edited('tool_choice.raw', fieldPath(context, 'tool_choice.raw'), message)
  if (parallelToolCalls !== undefined)
    context.report.edited('parallel_tool_calls', fieldPath(context, 'parallel_tool_calls'), message)
}
