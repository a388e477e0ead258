/**
 * Edit distance in which swapping two neighbours counts once (optimal string alignment). Texts beyond 100 characters are cut, so
 * the cost is bounded whatever a stranger typed.
 */
export function editDistance(left: string, right: string): number {
  const from = left.slice(0, 100)
  const to = right.slice(0, 100)
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_unused, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      if (swapped) cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return at(last, to.length)
}

const at = (row: readonly number[], index: number): number => row[index] ?? 0

const bare = (text: string): string => text.toLowerCase().replace(/[-_ .]/g, '')

/**
 * The candidate a person most likely meant, or undefined when none is close. Case and separators do not count, so `apiKey` finds
 * `api_key`; otherwise about one letter in three may be wrong, and one name may begin with the other.
 */
export function nearest(wanted: string, candidates: Iterable<string>): string | undefined {
  const target = bare(wanted)
  if (target === '') return undefined
  const limit = Math.max(1, Math.floor(target.length / 3))
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const distance = editDistance(target, bare(candidate))
    if (distance < bestDistance && (distance <= limit || beginsAlike(target, bare(candidate)))) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

const beginsAlike = (left: string, right: string): boolean =>
  Math.min(left.length, right.length) >= 4 && (left.startsWith(right) || right.startsWith(left))
