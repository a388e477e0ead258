import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Candidate } from '../candidate.ts'
import type { Strategy, StrategyInput } from './strategy.types.ts'

/** Any list of candidates, with any state, as a decision hands it to a strategy. */
export function strategyInputs(): fc.Arbitrary<StrategyInput> {
  return fc
    .record({
      drafts: fc.array(candidateDraft(), { minLength: 1, maxLength: 12 }),
      stream: fc.boolean(),
      estimatedInputTokens: fc.integer({ min: 1, max: 300_000 }),
      maxOutputTokens: fc.option(fc.integer({ min: 1, max: 64_000 }), { nil: undefined }),
      seed: fc.nat(),
      cursor: fc.nat(1000),
      weights: fc.array(fc.constantFrom(0, 0.5, 1, 3), { minLength: 12, maxLength: 12 }),
    })
    .map(({ drafts, stream, estimatedInputTokens, maxOutputTokens, seed, cursor, weights }) => {
      const candidates = drafts.map((draft, position): Candidate => {
        const id = `p/m${position}`
        return {
          ...draft,
          position,
          target: { id, provider: 'p', model: `m${position}`, format: 'openai' } as Candidate['target'],
        }
      })
      return {
        candidates,
        peers: candidates,
        question: { stream, estimatedInputTokens, maxOutputTokens },
        seed,
        cursor,
        weightOf: ({ position }) => weights[position] ?? 1,
        profile: { selection_rank: 0.1, cost: 0.3, latency: 0.2, ttft: 0.1, context_fit: 0.2, account_availability: 0.1 },
        tieBreakSamples: 8,
      }
    })
}

const candidateDraft = (): fc.Arbitrary<Omit<Candidate, 'position' | 'target'>> =>
  fc
    .record({
      inFlight: fc.nat(4),
      limit: fc.option(fc.constantFrom(5, 10), { nil: undefined }),
      ttftMs: fc.option(fc.constantFrom(80, 120, 400), { nil: undefined }),
      totalMs: fc.option(fc.constantFrom(500, 900, 4000), { nil: undefined }),
      price: fc.option(fc.constantFrom(1e9, 2e9, 15e9), { nil: undefined }),
      contextWindow: fc.option(fc.constantFrom(8_000, 128_000, 1_000_000), { nil: undefined }),
      accounts: fc.constantFrom([1, 1], [1, 2], [4, 4]),
      outcome: fc.option(fc.record({ health: fc.constantFrom(0.7, 0.95), samples: fc.constantFrom(3, 20) }), { nil: undefined }),
    })
    .map(({ inFlight, limit, ttftMs, totalMs, price, contextWindow, accounts, outcome }) => ({
      standing: 'healthy',
      facts: {
        capabilities: {},
        tags: [],
        contextWindow,
        ...(price === undefined ? {} : { price: { rates: { input: price, output: price * 4 }, contextTiers: [] } }),
      },
      observed: {
        accountsAvailable: accounts[0] ?? 1,
        accountsTotal: accounts[1] ?? 1,
        circuit: 'closed',
        inFlight,
        maxConcurrency: limit,
        ttftMs,
        totalMs,
        ...(outcome === undefined ? {} : { outcome: { ...outcome, successRate: 0.9, truncationRate: 0 } }),
      },
    }))

const decided = (strategy: Strategy, input: StrategyInput): readonly Candidate[] => {
  const step = strategy.step(strategy.start, input)
  if (!('decide' in step)) throw new Error('asks a model first')
  return step.decide
}

/** What holds of every strategy that decides without asking anybody. */
export function strategyConformance(name: string, strategy: Strategy): void {
  describe(`${name} as a strategy`, () => {
    test('puts exactly the candidates it was given in order', () => {
      fc.assert(
        fc.property(strategyInputs(), (input) => {
          const order = decided(strategy, input)
          expect(order.length).toBe(input.candidates.length)
          expect(new Set(order)).toEqual(new Set(input.candidates))
        }),
      )
    })

    test('decides the same for the same input, and leaves the input alone', () => {
      fc.assert(
        fc.property(strategyInputs(), (input) => {
          const before = [...input.candidates]
          const first = decided(strategy, input)
          expect(decided(strategy, { ...input, candidates: [...input.candidates] })).toEqual(first)
          expect(input.candidates).toEqual(before)
        }),
      )
    })

    test('keeps the order of the route among candidates that are alike, wherever it begins', () => {
      fc.assert(
        fc.property(strategyInputs(), (input) => {
          const [model] = input.candidates
          if (model === undefined) return
          // All alike and known, so that nothing is left to choose by but the order, the turn and the lot.
          const observed = { ...model.observed, ttftMs: 100, totalMs: 900 }
          const alike = input.candidates.map((candidate) => ({ ...candidate, facts: model.facts, observed }))
          const first = decided(strategy, {
            ...input,
            candidates: alike,
            peers: alike,
            cursor: 0,
            weightOf: () => 0,
            profile: {},
          })
          expect(first.map(({ position }) => position)).toEqual(alike.map(({ position }) => position))
        }),
      )
    })

    test('says in one line why the first stands first', () => {
      fc.assert(
        fc.property(strategyInputs(), (input) => {
          const order = decided(strategy, input)
          const line = strategy.explain(order, input)
          expect(line).toMatch(/^[a-z_]+: .*\S$/)
          expect(line).not.toContain('\n')
          expect(line).toContain(order[0]?.target.id ?? 'none')
          expect(line).not.toMatch(/undefined|NaN/)
        }),
      )
    })
  })
}
