import type { Candidate } from './candidate.ts'

/**
 * The candidates by a number, the smallest first; undefined comes last. Equal ones keep their order, except where all of them have been
 * observed often enough: then those with better outcomes go first.
 */
export function orderBy(
  candidates: readonly Candidate[],
  keyOf: (candidate: Candidate) => number | undefined,
  tieBreakSamples: number,
): Candidate[] {
  const keyed = candidates.map((candidate) => ({ candidate, key: keyOf(candidate) ?? Number.POSITIVE_INFINITY }))
  keyed.sort((left, right) => (left.key === right.key ? 0 : left.key - right.key))
  const ordered = keyed.map(({ candidate }) => candidate)
  for (let start = 0; start < keyed.length;) {
    let end = start + 1
    while (end < keyed.length && keyed[end]?.key === keyed[start]?.key) end++
    if (end - start > 1) breakTie(ordered, start, end, tieBreakSamples)
    start = end
  }
  return ordered
}

function breakTie(ordered: Candidate[], start: number, end: number, tieBreakSamples: number): void {
  const tied = ordered.slice(start, end)
  if (!tied.every(({ observed }) => (observed.outcome?.samples ?? 0) >= tieBreakSamples)) return
  tied.sort((left, right) => health(right) - health(left))
  ordered.splice(start, tied.length, ...tied)
}

const health = ({ observed }: Candidate): number => observed.outcome?.health ?? 0
