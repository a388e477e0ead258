import type { JsonObject } from '../../ir/json.ts'
import type { ReasoningOptions } from '../../ir/request.ts'
import { fieldPath, type EncodeContext } from './encode-context.ts'
import type { FamilyThinking } from './model-families.data.ts'

/** Thinking budget for an effort. Source: the vendor's own mapping for clients of OpenAI's formats. */
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
}
/** Level for a budget: the first row whose limit is not exceeded. */
const LEVELS: readonly (readonly [limit: number, level: string])[] = [
  [4_096, 'LOW'],
  [16_384, 'MEDIUM'],
]
/** Levels in the order of depth; effort has the same words, and `max` for the deepest. */
const DEPTHS: readonly string[] = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'XHIGH']
/** Of models of which only the catalogue knows how they think. */
const ANY_BUDGET: FamilyThinking = { kind: 'budget', least: 1, most: 32_768, off: true }
const ANY_LEVEL: FamilyThinking = { kind: 'level', levels: ['LOW', 'MEDIUM', 'HIGH'] }

/** `thinkingConfig`: the request's wish for reasoning, as the model at hand is told it. */
export function encodeThinking(config: JsonObject, context: EncodeContext): void {
  const wish = context.request.reasoning
  if (wish === undefined) return
  const kind = thinkingOf(wish, context)
  if (kind.kind === 'none' && !context.isNative) return reportOff(wish, context)
  const thinking = kind.kind === 'level' ? asLevel(wish, kind.levels, context) : asBudget(wish, kind, context)
  putDisplay(thinking, wish, context)
  if (Object.keys(thinking).length > 0) config['thinkingConfig'] = thinking
}

/** How the model is told to think: the catalogue's word goes before the family's. */
function thinkingOf(wish: ReasoningOptions, { target, family }: EncodeContext): FamilyThinking {
  const { thinking: told } = target.facts
  if (told === 'none') return { kind: 'none' }
  const wantsBudget = told === 'budget' || (told === 'both' && wish.budgetTokens !== undefined)
  if (wantsBudget) return family.thinking.kind === 'budget' ? family.thinking : ANY_BUDGET
  if (told === 'adaptive' || told === 'both') return family.thinking.kind === 'level' ? family.thinking : ANY_LEVEL
  return family.thinking
}

function asLevel(wish: ReasoningOptions, levels: readonly string[], context: EncodeContext): JsonObject {
  // Models with levels take a budget as well; a client that gave one in this format knows what it does.
  if (context.isNative) return native(wish)
  const { report } = context
  if (wish.mode === 'disabled') {
    reportUnstoppable(wish, context)
    return { thinkingLevel: levels[0] }
  }
  if (wish.mode !== undefined)
    report.rewritten('reasoning.mode', fieldPath(context, 'reasoning.mode'), 'the model decides how long it thinks')
  if (wish.budgetTokens !== undefined)
    report.rewritten('reasoning.budget', fieldPath(context, 'reasoning.budget'), 'the model takes a level instead of a budget')
  if (wish.effort === undefined) {
    const { budgetTokens } = wish
    return budgetTokens === undefined ? {} : { thinkingLevel: nearest(levelForBudget(budgetTokens), levels) }
  }
  const wanted = wish.effort === 'max' ? 'XHIGH' : wish.effort.toUpperCase()
  const level = nearest(wanted, levels)
  if (level !== wanted)
    report.rewritten(
      'reasoning.effort',
      fieldPath(context, 'reasoning.effort'),
      'the model has no such level; the nearest is sent',
    )
  return level === undefined ? {} : { thinkingLevel: level }
}

function asBudget(wish: ReasoningOptions, kind: FamilyThinking, context: EncodeContext): JsonObject {
  const { report, isNative } = context
  const asked = native(wish)
  // Models with a budget refuse a level.
  if (isNative && (asked['thinkingLevel'] === undefined || kind.kind === 'none')) return asked
  const limits = kind.kind === 'budget' ? kind : { least: 1, most: 32_768, off: true }
  if (wish.mode === 'disabled') {
    if (!limits.off) reportUnstoppable(wish, context)
    else if (hasDepth(wish)) reportDepth(context)
    return { thinkingBudget: limits.off ? 0 : limits.least }
  }
  if (wish.effort !== undefined)
    report.rewritten('reasoning.effort', fieldPath(context, 'reasoning.effort'), 'the model takes a budget instead of an effort')
  if (wish.mode === 'adaptive' && wish.effort === undefined) return { thinkingBudget: -1 }
  const wanted = wish.budgetTokens ?? (wish.effort === undefined ? undefined : (BUDGETS[wish.effort] ?? BUDGETS['medium']))
  if (wish.mode !== undefined && !isNative && wanted === undefined) return {}
  if (wanted === undefined) return {}
  const budget = Math.min(Math.max(wanted, limits.least), limits.most)
  if (budget !== wanted && wish.budgetTokens !== undefined)
    report.rewritten('reasoning.budget', fieldPath(context, 'reasoning.budget'), 'the model takes budgets within limits only')
  return { thinkingBudget: budget }
}

/** An effort that is not the word for none. */
const hasDepth = ({ effort }: ReasoningOptions): boolean => effort !== undefined && effort !== 'none'

function reportUnstoppable(wish: ReasoningOptions, context: EncodeContext): void {
  const path = fieldPath(context, wish.effort === 'none' ? 'reasoning.effort' : 'reasoning.mode')
  context.report.rewritten('reasoning.mode', path, 'the model cannot stop thinking, and thinks as little as it can')
  if (hasDepth(wish)) reportDepth(context)
}

function reportDepth(context: EncodeContext): void {
  const path = fieldPath(context, 'reasoning.effort')
  context.report.rewritten('reasoning.effort', path, 'thinking that was switched off has no depth')
}

/** What a client of this format had written. */
function native({ mode, effort, budgetTokens }: ReasoningOptions): JsonObject {
  const written: JsonObject = {}
  if (budgetTokens !== undefined) written['thinkingBudget'] = budgetTokens
  else if (mode === 'disabled') written['thinkingBudget'] = 0
  else if (mode === 'adaptive') written['thinkingBudget'] = -1
  if (effort !== undefined) written['thinkingLevel'] = effort.toUpperCase()
  return written
}

/** The nearest depth that the model has: the one below, else the one above. Words that are none mean nothing here. */
function nearest(level: string, levels: readonly string[]): string | undefined {
  const wanted = DEPTHS.indexOf(level)
  if (wanted < 0) return undefined
  const known = levels.map((name) => DEPTHS.indexOf(name))
  const below = known.filter((depth) => depth <= wanted)
  return DEPTHS[below.length > 0 ? Math.max(...below) : Math.min(...known)]
}

const levelForBudget = (budget: number): string => LEVELS.find(([limit]) => budget <= limit)?.[1] ?? 'HIGH'

/** Other formats show the reasoning they asked for; this one does so on request. */
function putDisplay(thinking: JsonObject, wish: ReasoningOptions, context: EncodeContext): void {
  const { report, isNative } = context
  if (wish.display !== undefined) thinking['includeThoughts'] = wish.display !== 'omitted'
  if (wish.display !== undefined && wish.display !== 'omitted' && wish.display !== 'summarized')
    report.rewritten('reasoning.display', fieldPath(context, 'reasoning.display'), 'the format shows its thoughts or does not')
  if (wish.display === undefined && !isNative && wish.mode !== 'disabled') thinking['includeThoughts'] = true
  if (wish.summary !== undefined)
    report.rewritten(
      'reasoning.summary',
      fieldPath(context, 'reasoning.summary'),
      'the format shows its thoughts in one level of detail',
    )
}

/** Everything that was said about reasoning, for a model that has none. */
function reportOff({ mode, effort, budgetTokens, summary, display }: ReasoningOptions, context: EncodeContext): void {
  const said = [
    ['reasoning.mode', mode],
    ['reasoning.effort', effort],
    ['reasoning.budget', budgetTokens],
    ['reasoning.summary', summary],
    ['reasoning.display', display],
  ] as const
  for (const [feature, value] of said)
    if (value !== undefined)
      context.report.edited(feature, fieldPath(context, feature), 'the model cannot reason, so it was not asked to')
}
