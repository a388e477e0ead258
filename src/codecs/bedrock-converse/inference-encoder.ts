import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Feature } from '../../ir/feature.ts'
import { planThinking, thinks, type ThinkingPlan } from '../claude-thinking.ts'
import { reportForeignSampling } from '../foreign-fields.ts'
import { fieldPath, type EncodeContext } from './encode-context.ts'
import { forcesCall } from './tools-encoder.ts'

/** With thinking on, Claude's models take `top_p` in this range only, and no other sampling control. */
const MIN_TOP_P_WHEN_THINKING = 0.95
/** Told to Claude's models that think, where neither the client nor the catalogue knows a limit: their own default is below any budget. */
const DEFAULT_MAX_TOKENS = 32_000

const NO_PLAN: ThinkingPlan = { thinking: undefined, effort: undefined }

export interface Inference {
  readonly config: JsonObject
  /** What goes to the model beside the API. */
  readonly modelFields: JsonObject
  readonly effort: string | undefined
}

/** Limits, sampling and reasoning. */
export function encodeInference(
  messages: readonly JsonObject[],
  toolConfig: JsonObject | undefined,
  context: EncodeContext,
): Inference {
  const config: JsonObject = {}
  const modelFields: JsonObject = {}
  const limit = outputLimit(context)
  const plan = planOf(limit ?? DEFAULT_MAX_TOKENS, messages, toolConfig, context)
  if (plan.thinking !== undefined) modelFields['thinking'] = plan.thinking
  const needsLimit = limit === undefined && plan.thinking?.['type'] === 'enabled' && !context.isNative
  if (needsLimit)
    context.report.rewritten(
      'max_output_tokens.default',
      fieldPath(context, 'max_output_tokens.default'),
      'a thinking budget demands an output limit, and none is known for the model',
    )
  const told = needsLimit ? DEFAULT_MAX_TOKENS : limit
  if (told !== undefined) config['maxTokens'] = told
  encodeSampling(config, modelFields, context.family.reasoning === 'claude' && thinks(plan), context)
  const effort = encodeEffort(plan, modelFields, context)
  return { config, modelFields, effort }
}

function outputLimit(context: EncodeContext): number | undefined {
  const { maxOutputTokens: wanted } = context.request
  const { maxOutputTokens: known } = context.target.facts
  if (context.isNative || wanted === undefined || known === undefined || wanted <= known) return wanted
  context.report.rewritten('max_output_tokens', fieldPath(context, 'max_output_tokens'), "the limit is above the model's own")
  return known
}

/** Reasoning as Claude's models are asked for it. Clients of this format say it in those words themselves. */
function planOf(
  maxTokens: number,
  messages: readonly JsonObject[],
  toolConfig: JsonObject | undefined,
  context: EncodeContext,
): ThinkingPlan {
  const { reasoning } = context.request
  if (context.isNative) {
    if (reasoning === undefined) return NO_PLAN
    const { mode, budgetTokens, display, effort } = reasoning
    const thinking: JsonObject = {
      ...(mode === undefined ? {} : { type: mode }),
      ...(budgetTokens === undefined ? {} : { budget_tokens: budgetTokens }),
      ...(display === undefined ? {} : { display }),
    }
    return { thinking: mode === undefined ? undefined : thinking, effort }
  }
  if (context.family.reasoning !== 'claude') return NO_PLAN
  return planThinking(
    {
      maxTokens,
      forcesCall: forcesCall(toolConfig),
      continuesWithoutThinking: continuesWithoutThinking(messages),
      endsWithPrefill: messages.at(-1)?.['role'] === 'assistant',
    },
    context,
  )
}

/** The calls being answered were made without thinking before: with a thinking budget such a history is refused. */
function continuesWithoutThinking(messages: readonly JsonObject[]): boolean {
  if (!blocksOf(messages.at(-1)).some((block) => block['toolResult'] !== undefined)) return false
  const [first] = blocksOf(messages.findLast((message) => message['role'] === 'assistant'))
  return first !== undefined && first['reasoningContent'] === undefined
}

const blocksOf = (message: JsonObject | undefined): JsonObject[] =>
  Array.isArray(message?.['content']) ? message['content'].filter(isObject) : []

/** The words of other families for how much to reason. */
function encodeEffort(plan: ThinkingPlan, modelFields: JsonObject, context: EncodeContext): string | undefined {
  const { request, family, isNative } = context
  const wish = request.reasoning
  if (wish === undefined || isNative || family.reasoning === 'claude') return plan.effort
  const told = wish.mode === 'disabled' ? 'none' : wish.effort
  const effort = told === undefined ? undefined : EFFORTS[told]
  const takes = effort !== undefined && family.reasoning !== undefined
  if (takes && family.reasoning === 'effort') modelFields['reasoning_effort'] = effort
  if (takes && family.reasoning === 'nova') modelFields['reasoningConfig'] = { type: 'enabled', maxReasoningEffort: effort }
  const message = takes ? 'the model is told an effort only' : 'the model takes no such control of its reasoning'
  for (const [feature, value] of [
    ['reasoning.mode', wish.mode],
    ['reasoning.effort', wish.effort],
    ['reasoning.budget', wish.budgetTokens],
    ['reasoning.summary', wish.summary],
    ['reasoning.display', wish.display],
  ] as const satisfies readonly (readonly [Feature, unknown])[])
    if (value !== undefined) context.report.edited(feature, fieldPath(context, feature), message)
  return undefined
}

/** Efforts of other formats by the words both families know. */
const EFFORTS: Readonly<Record<string, string | undefined>> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
}

function encodeSampling(config: JsonObject, modelFields: JsonObject, isThinking: boolean, context: EncodeContext): void {
  const { sampling } = context.request
  const { report, isNative } = context
  const isExcluded = context.target.facts.sampling === false && !isNative
  const exclusion = isExcluded ? 'the model takes no sampling controls' : 'thinking excludes this sampling control'
  const drops = (neutral: boolean): boolean => !isNative && (isExcluded || (isThinking && !neutral))
  if (sampling.temperature !== undefined) {
    const path = fieldPath(context, 'sampling.temperature')
    if (drops(sampling.temperature === 1)) report.edited('sampling.temperature', path, exclusion)
    else {
      if (sampling.temperature > 1 && !isNative)
        report.rewritten('sampling.temperature', path, 'the highest temperature of the format is 1')
      config['temperature'] = isNative ? sampling.temperature : Math.min(sampling.temperature, 1)
    }
  }
  if (sampling.topP !== undefined) {
    if (drops(sampling.topP >= MIN_TOP_P_WHEN_THINKING))
      report.edited('sampling.top_p', fieldPath(context, 'sampling.top_p'), exclusion)
    else putTopP(config, sampling.topP, context)
  }
  if (sampling.topK !== undefined) {
    const path = fieldPath(context, 'sampling.top_k')
    const place = isNative ? ['top_k'] : context.family.topK
    if (drops(false)) report.edited('sampling.top_k', path, exclusion)
    else if (place === undefined) report.edited('sampling.top_k', path, 'the model has no such sampling control')
    else putDeep(modelFields, place, sampling.topK)
  }
  encodeStop(config, context)
  reportForeignSampling(context.request, context.report)
}

/** Newer models of Claude refuse temperature and `top_p` together; whichever stands at its neutral value goes. */
function putTopP(config: JsonObject, topP: number, context: EncodeContext): void {
  const { report, isNative, family } = context
  if (config['temperature'] === undefined || isNative || family.reasoning !== 'claude') config['topP'] = topP
  else if (config['temperature'] === 1 && topP !== 1) {
    report.edited('sampling.temperature', fieldPath(context, 'sampling.temperature'), 'temperature and top_p exclude each other')
    delete config['temperature']
    config['topP'] = topP
  } else report.edited('sampling.top_p', fieldPath(context, 'sampling.top_p'), 'temperature and top_p exclude each other')
}

function putDeep(fields: JsonObject, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) fields[key] = value
  else putDeep((fields[key] ??= {}) as JsonObject, rest, value)
}

function encodeStop(config: JsonObject, context: EncodeContext): void {
  const { stop } = context.request.sampling
  if (stop === undefined) return
  const visible = context.isNative ? stop : stop.filter((sequence) => sequence.trim() !== '')
  if (visible.length < stop.length)
    context.report.lost(
      'sampling.stop',
      fieldPath(context, 'sampling.stop'),
      'stop sequences of white space only are refused by the format',
    )
  if (visible.length > 0 || context.isNative) config['stopSequences'] = visible
}
