import type { Feature } from '../ir/feature.ts'
import type { JsonObject } from '../ir/json.ts'
import type { LlmRequest, ReasoningOptions } from '../ir/request.ts'
import type { EncodeTarget } from './codec.ts'
import type { Report } from './report.ts'

/** What an encoder for Claude's models knows while it writes a request. */
export interface ThinkingContext {
  readonly request: LlmRequest
  readonly target: EncodeTarget
  readonly report: Report
  /** The client spoke the format that is written: its own choices are left alone wherever the model can take them. */
  readonly isNative: boolean
}

const fieldPath = (context: ThinkingContext, feature: Feature): string | undefined => context.request.paths?.[feature]

/** Thinking budget for an effort, for models that take a budget only. */
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 4096,
  medium: 10_000,
  high: 24_000,
  xhigh: 31_999,
  max: 31_999,
}
/** Effort for a budget, for models that think adaptively: the first row whose limit is not exceeded. */
const EFFORTS: readonly (readonly [limit: number, effort: string])[] = [
  [4096, 'low'],
  [16_000, 'medium'],
]
const MIN_BUDGET = 1024
const EFFORT_NAMES = new Set(['low', 'medium', 'high', 'xhigh', 'max'])

/** What the rest of the encoded body means for thinking. */
export interface ThinkingSurroundings {
  readonly maxTokens: number
  readonly forcesCall: boolean
  /** The turn being continued called tools without thinking first. */
  readonly continuesWithoutThinking: boolean
  readonly endsWithPrefill: boolean
}

export interface ThinkingPlan {
  readonly thinking: JsonObject | undefined
  readonly effort: string | undefined
}

const NOTHING: ThinkingPlan = { thinking: undefined, effort: undefined }

/** How the request's wish for reasoning is told to the model at hand, and whether it can be met at all in this call. */
export function planThinking(surroundings: ThinkingSurroundings, context: ThinkingContext): ThinkingPlan {
  const wish = context.request.reasoning
  if (wish === undefined) return NOTHING
  const plan = wantedPlan(wish, surroundings.maxTokens, context)
  const refusal = refusalOf(plan, surroundings, context)
  if (refusal !== undefined) {
    reportOff(wish, refusal, context)
    reportSummary(wish, NOTHING, context)
    return { thinking: context.target.facts.thinking === 'adaptive' ? { type: 'disabled' } : undefined, effort: plan.effort }
  }
  reportSummary(wish, plan, context)
  return plan
}

export function thinks(plan: ThinkingPlan): boolean {
  return plan.thinking !== undefined && plan.thinking['type'] !== 'disabled'
}

function wantedPlan(wish: ReasoningOptions, maxTokens: number, context: ThinkingContext): ThinkingPlan {
  const { thinking: kind } = context.target.facts
  const effort = effortOf(wish, context)
  if (wish.mode === undefined && wish.budgetTokens === undefined) {
    // Anthropic's effort alone says nothing about thinking; OpenAI's asks for it.
    if (context.isNative) return { thinking: undefined, effort }
    if (wish.effort === undefined) return NOTHING
  }
  if (wish.mode === 'disabled') return { thinking: kind === 'none' ? undefined : { type: 'disabled' }, effort }
  if (kind === 'none') {
    reportOff(wish, 'the model does not think', context)
    if (wish.mode !== undefined && wish.effort !== undefined && !context.isNative)
      context.report.edited('reasoning.effort', fieldPath(context, 'reasoning.effort'), 'the model does not think')
    return { thinking: undefined, effort: context.isNative ? effort : undefined }
  }
  const asksForBudget = wish.budgetTokens !== undefined && wish.mode !== 'adaptive'
  const prefersAdaptive =
    kind === 'adaptive' || (kind === 'both' && !asksForBudget) || (kind === undefined && wish.mode === 'adaptive')
  return prefersAdaptive ? adaptivePlan(wish, effort, context) : budgetPlan(wish, maxTokens, context)
}

function adaptivePlan(wish: ReasoningOptions, effort: string | undefined, context: ThinkingContext): ThinkingPlan {
  const thinking = withDisplay({ type: 'adaptive' }, wish)
  if (wish.budgetTokens === undefined) return { thinking, effort }
  context.report.rewritten(
    'reasoning.budget',
    fieldPath(context, 'reasoning.budget'),
    'the model thinks adaptively: the budget became an effort',
  )
  return { thinking, effort: effort ?? effortForBudget(wish.budgetTokens) }
}

function budgetPlan(wish: ReasoningOptions, maxTokens: number, context: ThinkingContext): ThinkingPlan {
  const isOwnBudget = wish.budgetTokens !== undefined
  if (wish.mode === 'adaptive')
    context.report.rewritten('reasoning.mode', fieldPath(context, 'reasoning.mode'), 'the model takes a thinking budget only')
  // Adaptive thinking without an effort means high.
  const wanted =
    wish.budgetTokens ?? BUDGETS[wish.effort ?? (wish.mode === 'adaptive' ? 'high' : 'medium')] ?? BUDGETS['medium'] ?? MIN_BUDGET
  // A budget the gateway chose leaves a quarter for the answer; one the client chose only has to fit.
  const budget = Math.min(wanted, isOwnBudget ? maxTokens - 1 : Math.max(MIN_BUDGET, Math.floor(maxTokens * 0.75)))
  if (isOwnBudget && budget < wanted)
    context.report.rewritten(
      'reasoning.budget',
      fieldPath(context, 'reasoning.budget'),
      'the thinking budget has to be below the output limit',
    )
  // A client that gave budget and effort in this format knows a model that takes both.
  const keepsEffort = context.isNative && wish.mode === 'enabled'
  if (wish.effort !== undefined && !keepsEffort)
    context.report.rewritten('reasoning.effort', fieldPath(context, 'reasoning.effort'), 'the effort became a thinking budget')
  return {
    thinking: withDisplay({ type: 'enabled', budget_tokens: budget }, wish),
    effort: keepsEffort ? wish.effort : undefined,
  }
}

/** Why thinking cannot be on in this call. Of what is asked for, thinking is the part that can be left out without breaking the caller. */
function refusalOf(plan: ThinkingPlan, surroundings: ThinkingSurroundings, context: ThinkingContext): string | undefined {
  if (!thinks(plan)) return undefined
  if (surroundings.forcesCall) return 'a forced tool call excludes thinking'
  if (surroundings.endsWithPrefill && !context.isNative) return 'a started answer excludes thinking'
  if (plan.thinking?.['type'] !== 'enabled') return undefined
  if (surroundings.continuesWithoutThinking) return 'the tool calls being continued were made without thinking'
  const budget = plan.thinking['budget_tokens']
  if (typeof budget === 'number' && (budget < MIN_BUDGET || budget >= surroundings.maxTokens))
    return 'the output limit leaves no room for thinking'
  return undefined
}

function effortOf(wish: ReasoningOptions, context: ThinkingContext): string | undefined {
  if (wish.effort === undefined || context.isNative || EFFORT_NAMES.has(wish.effort)) return wish.effort
  if (wish.effort === 'none' && wish.mode === 'disabled') return undefined // said by the mode
  if (wish.effort === 'minimal') {
    context.report.rewritten('reasoning.effort', fieldPath(context, 'reasoning.effort'), 'the lowest effort of the format is low')
    return 'low'
  }
  context.report.edited('reasoning.effort', fieldPath(context, 'reasoning.effort'), 'the effort is unknown to the format')
  return undefined
}

/** Turning thinking off is a declared edit: the rest of the call stays whole. */
function reportOff(wish: ReasoningOptions, reason: string, context: ThinkingContext): void {
  const feature = wish.mode !== undefined ? 'reasoning.mode' : wish.effort !== undefined ? 'reasoning.effort' : 'reasoning.budget'
  context.report.edited(feature, fieldPath(context, feature), reason)
}

function effortForBudget(budget: number): string {
  return EFFORTS.find(([limit]) => budget <= limit)?.[1] ?? 'high'
}

/** A summary that was asked for is shown; without the field newer models leave it out. */
function withDisplay(thinking: JsonObject, wish: ReasoningOptions): JsonObject {
  if (wish.display !== undefined) thinking['display'] = wish.display
  else if (wish.summary !== undefined && thinking['type'] === 'adaptive') thinking['display'] = 'summarized'
  return thinking
}

function reportSummary(wish: ReasoningOptions, plan: ThinkingPlan, context: ThinkingContext): void {
  if (wish.display !== undefined && plan.thinking?.['display'] === undefined)
    context.report.edited('reasoning.display', fieldPath(context, 'reasoning.display'), 'there is no thinking to display')
  if (wish.summary === undefined) return
  if (thinks(plan))
    context.report.rewritten(
      'reasoning.summary',
      fieldPath(context, 'reasoning.summary'),
      'the format shows its thinking in one level of detail',
    )
  else context.report.edited('reasoning.summary', fieldPath(context, 'reasoning.summary'), 'there is no thinking to sum up')
}
