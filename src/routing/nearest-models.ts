/** Up to three known names close to the wanted one: equal after the provider prefix, or within a small edit distance. */
export function nearestNames(wanted: string, known: readonly string[]): string[] {
  const bare = wanted.slice(wanted.indexOf('/') + 1).toLowerCase().slice(0, 100)
  const limit = Math.max(2, Math.floor(bare.length / 4))
  return known
    .map((name) => ({ name, distance: Math.min(distance(wanted.toLowerCase().slice(0, 100), name.toLowerCase()), distance(bare, name.slice(name.indexOf('/') + 1).toLowerCase())) }))
    .filter((candidate) => candidate.distance <= limit)
    .sort((left, right) => left.distance - right.distance)
    .slice(0, 3)
    .map((candidate) => candidate.name)
}

/** Levenshtein distance with one row of memory. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_unused, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const substitution = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution))
    }
    row = next
  }
  return row[right.length]!
}
