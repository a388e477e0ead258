import { editDistance } from '../lib/nearest.ts'

/** Up to three known names close to the wanted one: equal after the provider prefix, or within a small edit distance. */
export function nearestNames(wanted: string, known: readonly string[]): string[] {
  const full = wanted.toLowerCase()
  const bare = afterProvider(full)
  const limit = Math.max(2, Math.floor(Math.min(bare.length, 100) / 4))
  return known
    .map((name) => {
      const candidate = name.toLowerCase()
      return { name, distance: Math.min(editDistance(full, candidate), editDistance(bare, afterProvider(candidate))) }
    })
    .filter((candidate) => candidate.distance <= limit)
    .sort((left, right) => left.distance - right.distance)
    .slice(0, 3)
    .map((candidate) => candidate.name)
}

const afterProvider = (name: string): string => name.slice(name.indexOf('/') + 1)
