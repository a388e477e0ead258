import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { OutcomeSample } from './outcome-window.ts'
import { demotionOf, ratesOf, Scorecard, TRIAL_AFTER_MS } from './scorecard.ts'
import { DEFAULT_SETTINGS } from './settings.ts'
import type { ScorecardRules } from './store.ts'

const HOUR = 3_600_000
const RULES = DEFAULT_SETTINGS.scorecard

/** A card after these samples, one each millisecond from 0. S = success, T = truncated, F = failure. */
function cardOf(samples: string, rules: ScorecardRules = RULES): { card: Scorecard; now: number } {
  const kinds: Record<string, OutcomeSample> = { S: 'success', T: 'truncated', F: 'failure' }
  const card = new Scorecard(rules)
  samples.split('').forEach((letter, index) => card.record(kinds[letter] as OutcomeSample, index, 100 + index))
  return { card, now: samples.length }
}

const demotedAfter = (samples: string, rules?: ScorecardRules): string | undefined => {
  const { card, now } = cardOf(samples, rules)
  return card.health(now)?.demoted
}

describe('the shares of a scorecard', () => {
  test('start from five imagined calls of which 95 % went well', () => {
    expect(ratesOf({ samples: 0, successes: 0, truncated: 0 }, RULES)).toEqual({
      health: 0.95,
      successRate: 0.95,
      truncationRate: 0,
    })
    expect(ratesOf({ samples: 15, successes: 15, truncated: 0 }, RULES).successRate).toBeCloseTo(19.75 / 20, 12)
  })

  test('truncated answers count half against the health, on top of not being successes', () => {
    const rates = ratesOf({ samples: 10, successes: 6, truncated: 4 }, RULES)
    expect(rates.truncationRate).toBe(0.4)
    expect(rates.health).toBeCloseTo((10.75 / 15) * 0.8, 12)
  })

  test('stay between nought and one, and more successes never make them worse', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), fc.nat(200), (successes, truncated, failures) => {
        const samples = successes + truncated + failures
        const { health } = ratesOf({ samples, successes, truncated }, RULES)
        expect(health).toBeGreaterThanOrEqual(0)
        expect(health).toBeLessThanOrEqual(1)
        expect(ratesOf({ samples: samples + 1, successes: successes + 1, truncated }, RULES).health).toBeGreaterThanOrEqual(
          health,
        )
      }),
    )
  })

  test('demote for truncation before a streak, and for a streak before the success rate', () => {
    const bad = ratesOf({ samples: 8, successes: 0, truncated: 4 }, RULES)
    expect(demotionOf(bad, 8, 4, RULES)).toBe('truncation')
    expect(demotionOf(ratesOf({ samples: 8, successes: 0, truncated: 0 }, RULES), 8, 3, RULES)).toBe('streak')
    expect(demotionOf(ratesOf({ samples: 8, successes: 0, truncated: 0 }, RULES), 8, 2, RULES)).toBe('success')
    expect(demotionOf(bad, 7, 2, RULES)).toBeUndefined()
  })
})

describe('a scorecard', () => {
  test('knows nothing without samples', () => {
    expect(new Scorecard(RULES).health(0)).toBeUndefined()
  })

  test.each([
    ['FF', undefined],
    ['FFF', 'streak'],
    ['FFSFF', undefined],
    ['SSSSSST', undefined],
    ['SSSSSSTT', 'truncation'],
    ['FFTFFTFF', 'truncation'],
    ['FFSFFSFF', 'success'],
    ['FFTFF', undefined],
    ['FFFSS', 'streak'],
    ['FFFSSS', undefined],
    ['FFFSSTSS', 'streak'],
  ] as const)('after %s it is demoted for %s', (samples, expected) => {
    expect(demotedAfter(samples)).toBe(expected)
  })

  test('recovers by its success rate, too', () => {
    // 24 of 27 good: (4.75 + 24) / 32 = 0.898.
    expect(demotedAfter(`${'S'.repeat(23)}FFFS`)).toBeUndefined()
    expect(demotedAfter(`${'S'.repeat(23)}FFF`)).toBe('streak')
  })

  test.each([
    ['FFFF', { fastDemoteStreak: 5 }, undefined],
    ['FFFFF', { fastDemoteStreak: 5 }, 'streak'],
    ['FFFS', { fastRecoverStreak: 1 }, undefined],
    ['FT', { minSamples: 2 }, 'truncation'],
    ['FSTT', { minSamples: 4, truncationDemoteRate: 0.75 }, undefined],
    ['SSFF', { minSamples: 4, demoteSuccessRate: 0.76 }, 'success'],
    ['SSFF', { minSamples: 4, demoteSuccessRate: 0.74 }, undefined],
    ['SSFF', { minSamples: 4, priorWeight: 1 }, 'success'],
    ['SSFF', { minSamples: 4, priorSuccessRate: 0.5 }, 'success'],
    ['SSFFFS', { minSamples: 4 }, 'streak'],
    ['SSFFFS', { minSamples: 4, recoverSuccessRate: 0.7 }, undefined],
    ['SSSSSSFF', { maxSamples: 2, minSamples: 2, priorWeight: 1 }, 'success'],
    ['FFF', { enabled: false }, undefined],
  ] as const)('after %s with %j it is demoted for %s', (samples, rules, expected) => {
    expect(demotedAfter(samples, { ...RULES, ...rules })).toBe(expected)
  })

  test('new rules cut the window at once and judge the next answer', () => {
    const { card, now } = cardOf('FFSSSSSS')
    card.configure({ ...RULES, maxSamples: 4 })
    expect(card.health(now)).toMatchObject({ samples: 4, successRate: 0.972222 })
    card.configure({ ...RULES, ttlMs: 2 })
    expect(card.health(now)?.samples).toBe(1)
    card.configure({ ...RULES, fastDemoteStreak: 1 })
    card.record('failure', now)
    expect(card.health(now)?.demoted).toBe('streak')
  })

  test('switched off it says nothing, and it has forgotten nothing when it is switched on again', () => {
    const { card, now } = cardOf('SFFF')
    const before = card.health(now)
    card.configure({ ...RULES, enabled: false })
    expect(card.health(now)).toBeUndefined()
    card.configure(RULES)
    expect(card.health(now)).toEqual(before)
  })

  test('percentiles are of the answers alone', () => {
    const { card, now } = cardOf('SFSFTS')
    expect(card.health(now)).toMatchObject({ samples: 6, p50Ms: 102, p95Ms: 105 })
    expect(cardOf('SF').card.health(2)).toMatchObject({ p50Ms: undefined, p95Ms: undefined })
  })

  test('a demoted target that nobody calls gets its place back on trial, and loses it at the first bad answer', () => {
    const { card } = cardOf('FFF')
    expect(card.health(2 + TRIAL_AFTER_MS - 1)?.demoted).toBe('streak')
    expect(card.health(2 + TRIAL_AFTER_MS)?.demoted).toBeUndefined()
    card.record('failure', 2 + TRIAL_AFTER_MS + 10)
    expect(card.health(2 + TRIAL_AFTER_MS + 10)?.demoted).toBe('streak')
  })

  test('a quiet day makes it start over', () => {
    const { card } = cardOf('FFF')
    expect(card.health(24 * HOUR + 1)?.samples).toBe(1)
    expect(card.health(24 * HOUR + 2)).toBeUndefined()
    card.record('failure', 24 * HOUR + 3)
    expect(card.health(24 * HOUR + 3)).toMatchObject({ samples: 1, demoted: undefined })
  })
})

describe('a saved scorecard', () => {
  const saved = (samples: string): ReturnType<Scorecard['save']> => {
    const { card, now } = cardOf(samples)
    return card.save(now, 1_000_000)
  }

  test('comes back with the same shares', () => {
    const card = new Scorecard(RULES)
    card.restore(saved('SSSSFTSS'), 0, 1_000_000)
    const { card: original, now } = cardOf('SSSSFTSS')
    const before = original.health(now)
    expect(card.health(0)).toMatchObject({ health: before?.health, successRate: before?.successRate, samples: 0 })
  })

  test('weighs no more than fifty samples', () => {
    const card = new Scorecard(RULES)
    card.restore(saved('S'.repeat(200)), 0, 1_000_000)
    for (let call = 0; call < 50; call++) card.record('failure', call)
    expect(card.health(50)?.successRate).toBeCloseTo((4.75 + 50) / (5 + 50 + 50), 6)
  })

  test('a demotion holds on over a restart until three good answers', () => {
    const card = new Scorecard(RULES)
    card.restore(saved('FFF'), 0, 1_000_000)
    expect(card.health(0)?.demoted).toBe('streak')
    for (let call = 0; call < 3; call++) card.record('success', call)
    expect(card.health(3)?.demoted).toBeUndefined()
  })

  test('counts for two days in all', () => {
    const late = new Scorecard(RULES)
    late.restore(saved('SSS'), 0, 1_000_000 + RULES.staleHydrateMs)
    expect(late.health(0)).toBeUndefined()
    const card = new Scorecard(RULES)
    card.restore(saved('SSS'), 0, 1_000_000 + RULES.staleHydrateMs - HOUR)
    expect(card.health(HOUR - 1)).toBeDefined()
    expect(card.health(HOUR)).toBeUndefined()
  })

  test('counts as long as the rules of the moment say', () => {
    const card = new Scorecard(RULES)
    card.restore(saved('SSS'), 0, 1_000_000 + HOUR)
    card.configure({ ...RULES, staleHydrateMs: 3 * HOUR })
    expect(card.health(2 * HOUR - 1)).toBeDefined()
    expect(card.health(2 * HOUR)).toBeUndefined()
  })

  test('saving what was restored loses nothing', () => {
    const card = new Scorecard(RULES)
    card.restore(saved('SSFT'), 0, 1_000_000)
    card.record('success', 1)
    expect(card.save(1, 2_000_000)).toEqual({ savedAt: 2_000_000, samples: 5, successes: 3, truncated: 1 })
  })
})
