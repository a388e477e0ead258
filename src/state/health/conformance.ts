import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Target } from '../../ir/target.ts'
import {
  A,
  B,
  ELSEWHERE,
  SETTINGS,
  limitedTo,
  SUCCESS,
  failure,
  admitted,
  fail,
  targetOf,
  type HealthUnderTest,
  type Open,
} from './conformance-support.ts'
import type { HealthSettings, Permit } from './store.ts'
import { circuitLaws } from './conformance-circuits.ts'

/** The laws every health store keeps. `open` gives a fresh one with a clock of its own. */
export function healthStoreConformance(name: string, open: (settings: HealthSettings) => HealthUnderTest): void {
  describe(`health in ${name}`, () => {
    describe('circuits', () => circuitLaws(open))
    describe('slots', () => slotLaws(open))
    describe('figures', () => figureLaws(open))
    describe('keeping', () => keepingLaws(open))
  })
}

function slotLaws(open: Open): void {
  test('no more calls than a target is allowed are ever under way, and each target has its own', () => {
    const step = fc.record({ target: fc.constantFrom(A, B), settle: fc.option(fc.nat(10), { nil: undefined }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const { store } = open(limitedTo(2))
        const held: { target: Target; permit: Permit }[] = []
        const count = (target: Target): number => held.filter((entry) => entry.target === target).length
        for (const { target, settle } of steps) {
          if (settle !== undefined) {
            const [ended] = held.splice(settle % Math.max(1, held.length), 1)
            ended?.permit.settle(SUCCESS)
            ended?.permit.settle(SUCCESS)
          }
          const isFree = count(target) < 2
          const { inFlight, maxConcurrency = 0 } = store.observe(target)
          expect(inFlight).toBe(count(target))
          expect(inFlight < maxConcurrency).toBe(isFree)
          const permit = store.admit(target)
          expect(permit.admitted).toBe(isFree)
          if (permit.admitted) held.push({ target, permit })
          else expect(permit).toMatchObject({ code: 'target_busy', scope: 'target' })
        }
      }),
      { numRuns: 50 },
    )
  })

  test('a busy target says when to come back, from how long its calls take', () => {
    const { store } = open(limitedTo(2))
    admitted(store, A).settle({ ...SUCCESS, totalMs: 6_000 })
    admitted(store, A)
    admitted(store, A)
    expect(store.admit(A)).toEqual({ admitted: false, code: 'target_busy', scope: 'target', retryAfterMs: 3_000 })
  })

  test('a refusal takes neither a slot nor the probe', () => {
    const { store, advance } = open(limitedTo(1))
    fail(store, A, 'server-error', 2)
    const slow = admitted(store, A)
    store.admit(A)
    expect(store.observe(A).inFlight).toBe(1)
    slow.settle(failure('server-error'))
    advance(1_000)
    const probe = admitted(store, A)
    store.admit(A)
    probe.settle(SUCCESS)
    expect(store.observe(A)).toMatchObject({ circuit: 'closed', inFlight: 0 })
  })

  test('retries are a small part of the traffic', () => {
    const { store } = open(SETTINGS)
    for (let call = 0; call < 100; call++) admitted(store, A).settle(SUCCESS)
    expect(Array.from({ length: 50 }, () => store.spendRetry(A)).filter(Boolean)).toHaveLength(20)
    expect(store.spendRetry(B)).toBe(true)
    expect(store.snapshot().targets.find(({ id }) => id === A.id)).toMatchObject({ recentCalls: 100, recentRetries: 20 })
    store.configure({ ...SETTINGS, retryBudget: 0.3 })
    expect(Array.from({ length: 50 }, () => store.spendRetry(A)).filter(Boolean)).toHaveLength(10)
    store.configure({ ...SETTINGS, retryBudget: 0 })
    expect(store.spendRetry(B)).toBe(false)
  })

  test('a limit is of each target of the provider that has it, and of no other’s', () => {
    const { store } = open(limitedTo(1))
    admitted(store, A)
    expect(store.admit(A)).toMatchObject({ code: 'target_busy' })
    admitted(store, B)
    for (let call = 0; call < 5; call++) admitted(store, ELSEWHERE)
    expect(store.observe(ELSEWHERE)).toMatchObject({ inFlight: 5, maxConcurrency: undefined })
    store.configure(SETTINGS)
    admitted(store, A)
  })
}

function figureLaws(open: Open): void {
  test('nothing is known of a target that was never called, and asking does not change that', () => {
    const { store } = open(SETTINGS)
    expect(store.observe(A)).toEqual({ circuit: 'closed', inFlight: 0 })
    expect(store.snapshot()).toEqual({ targets: [], providers: [] })
  })

  test('averages follow answers, the newest with three tenths; failures take no part', () => {
    const { store } = open(SETTINGS)
    admitted(store, A).settle({ ...SUCCESS, ttftMs: 100, totalMs: 1_000 })
    admitted(store, A).settle({ ...SUCCESS, ttftMs: 200, totalMs: 2_000 })
    fail(store, A, 'server-error', 1)
    admitted(store, A).settle({ kind: 'success', streamed: false, ttftMs: 1, totalMs: 1_300 })
    expect(store.observe(A)).toMatchObject({ ttftMs: 130, totalMs: 1_300 })
  })

  test('outcomes make a scorecard; quota, credentials, refusals and the client’s own mistakes do not', () => {
    const { store } = open(SETTINGS)
    for (const category of ['quota-exceeded', 'authentication', 'invalid-request', 'context-too-long'] as const)
      fail(store, A, category, 1)
    for (const kind of ['neutral', 'cancelled', 'refusal'] as const) admitted(store, A).settle({ kind, streamed: false })
    expect(store.observe(A).outcome).toBeUndefined()
    admitted(store, A).settle(SUCCESS)
    admitted(store, A).settle({ ...SUCCESS, kind: 'truncated' })
    fail(store, A, 'rate-limited', 1)
    expect(store.observe(A).outcome).toMatchObject({ samples: 3, truncationRate: 0.333333 })
    fail(store, A, 'rate-limited', 2)
    expect(store.observe(A)).toMatchObject({ circuit: 'closed', outcome: { demoted: 'streak' } })
  })
}

function keepingLaws(open: Open): void {
  test('a change of the configuration keeps what is known and applies new limits at once', () => {
    const { store } = open(SETTINGS)
    admitted(store, B).settle(SUCCESS)
    const running = admitted(store, B)
    fail(store, A, 'server-error', 3)
    store.configure(limitedTo(1))
    expect(store.observe(A)).toMatchObject({ circuit: 'open', outcome: { demoted: 'streak' } })
    expect(store.observe(B)).toMatchObject({ inFlight: 1, maxConcurrency: 1, ttftMs: 50 })
    expect(store.admit(B)).toMatchObject({ code: 'target_busy' })
    running.settle(SUCCESS)
    expect(store.observe(B).inFlight).toBe(0)
  })

  test('what the configuration no longer names is forgotten once nothing is under way there', () => {
    const { store } = open(SETTINGS)
    const running = admitted(store, A)
    fail(store, B, 'server-error', 3)
    const without = { ...SETTINGS, providers: new Set([ELSEWHERE.provider]) }
    store.configure(without)
    expect(store.snapshot().targets.map(({ id }) => id)).toEqual([A.id])
    running.settle(SUCCESS)
    store.configure(without)
    expect(store.snapshot()).toEqual({ targets: [], providers: [] })
  })

  test('without a word of providers nothing is forgotten', () => {
    const { store } = open(SETTINGS)
    fail(store, A, 'server-error', 3)
    store.configure({ ...SETTINGS, providers: undefined })
    expect(store.observe(A).circuit).toBe('open')
  })

  test('scorecards follow the settings: off they say nothing and learn nothing, on they know what they knew', () => {
    const { store } = open(SETTINGS)
    const off = { ...SETTINGS, scorecard: { ...SETTINGS.scorecard, enabled: false } }
    fail(store, A, 'rate-limited', 3)
    store.configure(off)
    expect(store.observe(A).outcome).toBeUndefined()
    fail(store, A, 'rate-limited', 5)
    store.configure(SETTINGS)
    expect(store.observe(A).outcome).toMatchObject({ samples: 3, demoted: 'streak' })
    store.configure({ ...SETTINGS, scorecard: { ...SETTINGS.scorecard, maxSamples: 2, fastDemoteStreak: 1 } })
    expect(store.observe(A).outcome?.samples).toBe(2)
    fail(store, B, 'rate-limited', 1)
    expect(store.observe(B).outcome?.demoted).toBe('streak')
  })

  test('saved scorecards count as long as the settings say', () => {
    const { store } = open(SETTINGS)
    const row = { target: A.id, savedAt: 1_700_000_000_000 - 60_000, samples: 3, successes: 3, truncated: 0 }
    store.configure({ ...SETTINGS, scorecard: { ...SETTINGS.scorecard, staleHydrateMs: 60_000 } })
    store.loadScorecards([row])
    expect(store.observe(A).outcome).toBeUndefined()
    store.configure(SETTINGS)
    store.loadScorecards([row])
    expect(store.observe(A).outcome).toBeDefined()
  })

  test('circuits that are switched off refuse nobody and forget', () => {
    const { store } = open(SETTINGS)
    fail(store, A, 'network', 3)
    store.configure({ ...SETTINGS, circuit: { ...SETTINGS.circuit, enabled: false } })
    fail(store, A, 'network', 10)
    expect(store.observe(A).circuit).toBe('closed')
    store.configure(SETTINGS)
    expect(store.observe(A).circuit).toBe('closed')
  })

  test('a flood of invented model names leaves the memory bounded, and calls under way and open circuits known', () => {
    const { store } = open(SETTINGS)
    fail(store, A, 'server-error', 3)
    const running = admitted(store, B)
    for (let index = 0; index < 10_000; index++) admitted(store, targetOf('q', `m${index}`)).settle(failure('not-found'))
    expect(store.snapshot().targets.length).toBeLessThanOrEqual(4_096)
    expect(store.observe(A).circuit).toBe('open')
    expect(store.observe(B).inFlight).toBe(1)
    running.settle(SUCCESS)
    expect(store.observe(B).inFlight).toBe(0)
  })

  test('a provider that is forgotten begins anew, with its targets, and calls under way end for themselves', () => {
    const { store } = open(SETTINGS)
    const permit = store.admit(A)
    fail(store, A, 'server-error', SETTINGS.circuit.failureThreshold)
    expect(store.observe(A).circuit).toBe('open')
    store.forget(A.provider)
    expect(store.observe(A)).toMatchObject({ circuit: 'closed', inFlight: 0 })
    if (permit.admitted) permit.settle({ kind: 'failure', category: 'server-error', streamed: false })
    expect(store.observe(A)).toMatchObject({ circuit: 'closed', inFlight: 0 })
    expect(store.admit(A).admitted).toBe(true)
  })

  test('scorecards can be carried over a restart, each change once', () => {
    const { store } = open(SETTINGS)
    fail(store, A, 'server-error', 3)
    const saved = store.changedScorecards()
    expect(saved).toHaveLength(1)
    expect(store.changedScorecards()).toEqual([])
    const next = open(SETTINGS).store
    next.loadScorecards(JSON.parse(JSON.stringify(saved)) as unknown[])
    expect(next.observe(A).outcome).toMatchObject({ samples: 0, demoted: 'streak' })
    expect(next.observe(A).circuit).toBe('closed')
  })

  test.each([
    [null],
    ['text'],
    [{}],
    [{ target: 'p/a', savedAt: 0, samples: 3, successes: 3, truncated: 0 }],
    [{ target: 'none', savedAt: 1_700_000_000_000, samples: 3, successes: 3, truncated: 0 }],
    [{ target: 'p/a', savedAt: 1_700_000_000_000, samples: 0, successes: 0, truncated: 0 }],
    [{ target: 'p/a', savedAt: 1_700_000_000_000, samples: 3, successes: 9, truncated: 0 }],
    [{ target: 'p/a', savedAt: 1_700_000_000_000, samples: '3', successes: 3, truncated: 0 }],
  ])('a saved scorecard that is corrupt, empty or too old is passed over: %j', (row) => {
    const { store } = open(SETTINGS)
    store.loadScorecards([row])
    expect(store.snapshot().targets).toEqual([])
  })
}
