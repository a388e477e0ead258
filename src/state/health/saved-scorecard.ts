import type { TargetId } from '../../ir/ids.ts'
import type { SavedScorecard } from './store.ts'

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

/** Reads a saved scorecard; undefined when it is corrupt, holds nothing, or contradicts itself. */
export function readSavedScorecard(row: unknown): SavedScorecard | undefined {
  if (typeof row !== 'object' || row === null) return undefined
  const { target, savedAt, samples, successes, truncated, demoted } = row as Record<string, unknown>
  if (typeof target !== 'string' || !isTargetId(target)) return undefined
  if (!isCount(savedAt) || !isCount(samples) || !isCount(successes) || !isCount(truncated)) return undefined
  // Scaled counts are sums of fractions, which need not add up to the last bit.
  if (samples === 0 || successes + truncated > samples * (1 + 1e-9)) return undefined
  const reason = demoted === 'truncation' || demoted === 'streak' || demoted === 'success' ? demoted : undefined
  return { target, savedAt, samples, successes, truncated, demoted: reason }
}

const isTargetId = (text: string): text is TargetId => text.indexOf('/') > 0
