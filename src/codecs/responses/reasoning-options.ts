import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { EncodeTarget } from '../codec.ts'
import type { Report } from '../report.ts'
import { put } from './field-writer.ts'

/** The value of `include` that makes reasoning replayable without storing it at the provider. */
const INCLUDE_ENCRYPTED = 'reasoning.encrypted_content'
/** Efforts the API defines. */
const EFFORTS: ReadonlySet<string> = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])

/** `reasoning`, from effort, mode and budget of any format. */
export function encodeReasoningOptions(request: LlmRequest, target: EncodeTarget, body: JsonObject, report: Report): void {
  const options = request.reasoning
  const native = request.origin === 'responses'
  const at = (
    feature: 'reasoning.mode' | 'reasoning.effort' | 'reasoning.budget' | 'reasoning.display' | 'reasoning.summary',
  ): string => request.paths?.[feature] ?? ''
  if (options === undefined) return
  if (!native && target.facts.thinking === 'none') {
    reportOff(request, report)
    return
  }
  const reasoning: JsonObject = {}
  put(reasoning, 'effort', effortOf(request, report))
  put(reasoning, 'summary', options.summary)
  if (!native && options.mode !== undefined && options.mode !== 'disabled') {
    report.rewritten('reasoning.mode', at('reasoning.mode'), 'the model decides by its effort how long it reasons')
    // Formats with a thinking mode show the thinking; this one does so only on request.
    if (options.summary === undefined && options.display !== 'omitted') reasoning['summary'] = 'auto'
  }
  if (options.display !== undefined)
    report.rewritten('reasoning.display', at('reasoning.display'), 'how reasoning is shown was sent as a kind of summary')
  if (Object.keys(reasoning).length === 0) return
  body['reasoning'] = reasoning
  if (native || reasoning['effort'] === 'none' || body['store'] !== false) return
  // Without it the reasoning could not be sent back in the next turn of a conversation that is not stored.
  const include = Array.isArray(body['include']) ? (body['include'] as unknown[]) : []
  if (!include.includes(INCLUDE_ENCRYPTED)) body['include'] = [...include, INCLUDE_ENCRYPTED]
}

/** Everything that was said about reasoning, for a model that has none. */
function reportOff(request: LlmRequest, report: Report): void {
  const { mode, effort, budgetTokens, summary, display } = request.reasoning ?? {}
  const said = [
    ['reasoning.mode', mode === 'disabled' ? undefined : mode],
    ['reasoning.effort', effort],
    ['reasoning.budget', budgetTokens],
    ['reasoning.summary', summary],
    ['reasoning.display', display],
  ] as const
  for (const [feature, value] of said)
    if (value !== undefined) report.edited(feature, request.paths?.[feature], 'the model cannot reason, so it was not asked to')
}

function effortOf(request: LlmRequest, report: Report): string | undefined {
  const options = request.reasoning
  if (options?.mode === 'disabled') {
    if (options.effort !== undefined && options.effort !== 'none')
      report.edited('reasoning.effort', request.paths?.['reasoning.effort'], 'reasoning is off, so it has no effort')
    return 'none'
  }
  if (options?.effort !== undefined) {
    if (request.origin === 'responses' || EFFORTS.has(options.effort)) {
      if (options.budgetTokens !== undefined)
        report.rewritten(
          'reasoning.budget',
          request.paths?.['reasoning.budget'],
          'the effort stands for the reasoning budget too',
        )
      return options.effort
    }
    report.rewritten('reasoning.effort', request.paths?.['reasoning.effort'], 'an effort unknown here was sent as high')
    return 'high'
  }
  if (options?.budgetTokens === undefined) return undefined
  report.rewritten('reasoning.budget', request.paths?.['reasoning.budget'], 'a reasoning budget was sent as an effort')
  return effortOfBudget(options.budgetTokens)
}

/** Effort for a budget in tokens; the bounds are where the usual presets of coding agents lie. */
function effortOfBudget(budget: number): string {
  if (budget <= 4_096) return 'low'
  return budget <= 16_384 ? 'medium' : 'high'
}
