import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { OutcomeWindow, type OutcomeSample } from './outcome-window.ts'

const TTL_MS = 1_000

/** Nearest rank, by the definition. */
function percentile(durations: readonly number[], share: number): number | undefined {
  if (durations.length < 2) return undefined
  return durations.toSorted((left, right) => left - right)[Math.max(1, Math.ceil(share * durations.length)) - 1]
}

test('counts and percentiles are those of the last samples that are young enough, within a limit that changes', () => {
  const step = fc.record({
    wait: fc.constantFrom(0, 0, 0, 1, 3, 400),
    kind: fc.constantFrom<OutcomeSample>('success', 'success', 'truncated', 'failure'),
    duration: fc.option(fc.nat(50), { nil: undefined }),
    limit: fc.option(fc.constantFrom(1, 5, 40, 200), { nil: undefined, freq: 60 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 450, size: 'max' }), (steps) => {
      let most = 200
      const window = new OutcomeWindow(most)
      let kept: { kind: OutcomeSample; at: number; duration: number | undefined }[] = []
      let now = 0
      for (const { wait, kind, duration, limit } of steps) {
        now += wait
        if (limit !== undefined) {
          most = limit
          kept = kept.slice(-most)
          window.limit(most)
          expect(window.size).toBeLessThanOrEqual(most)
        }
        window.expire(now - TTL_MS)
        window.push(kind, now, duration)
        kept = [...kept.filter(({ at }) => at > now - TTL_MS), { kind, at: now, duration }].slice(-most)
      }
      const count = (wanted: OutcomeSample): number => kept.filter(({ kind }) => kind === wanted).length
      const durations = kept.flatMap(({ duration }) => duration ?? [])
      expect(window.size).toBe(kept.length)
      expect([window.successes, window.truncated, window.failures]).toEqual([
        count('success'),
        count('truncated'),
        count('failure'),
      ])
      for (const share of [0, 0.5, 0.95, 1]) expect(window.percentile(share)).toBe(percentile(durations, share))
      expect(window.oldest).toBe(kept[0]?.at ?? Number.POSITIVE_INFINITY)
    }),
    { numRuns: 60 },
  )
})
