import type { ContextOverflow } from '../ir/context-overflow.ts'
import { OVERFLOW_PATTERNS } from './overflow-patterns.data.ts'

/** Sentences about sizes are short, and a server may repeat the prompt behind them. */
const LONGEST_LOOK = 2_000

/** The sizes that a refusal names; empty when it names none. Numbers only: nothing else of the message is kept. */
export function overflowSizes(message: string | undefined): ContextOverflow {
  if (message === undefined) return {}
  const text = message.slice(0, LONGEST_LOOK).replaceAll(/(?<=\d),(?=\d{3})/g, '')
  for (const pattern of OVERFLOW_PATTERNS) {
    const groups = pattern.exec(text)?.groups
    if (groups === undefined) continue
    const total = countOf(groups['total'])
    const outputTokens = countOf(groups['output'])
    const windowTokens = countOf(groups['window'])
    const promptTokens = countOf(groups['prompt']) ?? (total === undefined ? undefined : total - (outputTokens ?? 0))
    return {
      ...(promptTokens === undefined || promptTokens <= 0 ? {} : { promptTokens }),
      ...(outputTokens === undefined ? {} : { outputTokens }),
      ...(windowTokens === undefined ? {} : { windowTokens }),
    }
  }
  return {}
}

/** A count of tokens that can be one. */
function countOf(digits: string | undefined): number | undefined {
  const count = Number(digits)
  return Number.isSafeInteger(count) && count > 0 ? count : undefined
}
