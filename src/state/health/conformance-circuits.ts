import { expect, test } from 'bun:test'
import { A, B, ELSEWHERE, SETTINGS, SUCCESS, failure, admitted, fail, type Open } from './conformance-support.ts'

/** Circuits open, let one probe through, and count only what is their target's doing. */
export function circuitLaws(open: Open): void {
  test('failures in a row open the circuit of the target alone, for a time told exactly', () => {
    const { store, advance } = open(SETTINGS)
    fail(store, A, 'server-error', 3)
    expect(store.observe(A)).toMatchObject({ circuit: 'open', recoveryMs: 1_000 })
    advance(400)
    expect(store.admit(A)).toEqual({ admitted: false, code: 'circuit_open', scope: 'target', retryAfterMs: 600 })
    expect(store.observe(B)).toMatchObject({ circuit: 'closed', recoveryMs: undefined })
    admitted(store, B).settle(SUCCESS)
  })

  test.each(['network', 'timeout'] as const)(
    'a provider that fails by %s is given up as a whole, and others are not',
    (category) => {
      const { store } = open(SETTINGS)
      fail(store, A, category, 2)
      fail(store, B, category, 1)
      expect(store.observe(B)).toMatchObject({ circuit: 'open', recoveryMs: 1_000 })
      expect(store.admit(B)).toMatchObject({ admitted: false, scope: 'provider' })
      expect(store.observe(ELSEWHERE).circuit).toBe('closed')
    },
  )

  test('an upstream that answers too late, or with a time-out of its own, fails itself and not its provider', () => {
    const { store } = open(SETTINGS)
    for (let time = 0; time < 3; time++) admitted(store, A).settle({ ...failure('timeout'), answered: true })
    expect(store.observe(A).circuit).toBe('open')
    expect(store.observe(B).circuit).toBe('closed')
  })

  test('an answer of any kind shows that the provider can be reached', () => {
    const { store } = open(SETTINGS)
    fail(store, A, 'network', 2)
    fail(store, B, 'server-error', 1)
    fail(store, B, 'network', 2)
    expect(store.observe(ELSEWHERE).circuit).toBe('closed')
    expect(store.snapshot().providers.find(({ id }) => id === A.provider)?.circuit).toBe('closed')
  })

  test.each([
    'authentication',
    'authorization',
    'rate-limited',
    'quota-exceeded',
    'invalid-request',
    'context-too-long',
    'content-filtered',
    'not-found',
  ] as const)('%s never opens a circuit', (category) => {
    const { store } = open(SETTINGS)
    fail(store, A, category, 20)
    expect(store.observe(A).circuit).toBe('closed')
  })

  test('calls that were cancelled or were nobody’s fault change nothing, and leave the probe to the next', () => {
    const { store, advance } = open(SETTINGS)
    fail(store, A, 'server-error', 2)
    admitted(store, A).settle({ kind: 'cancelled', streamed: true })
    admitted(store, A).settle({ kind: 'neutral', streamed: true })
    fail(store, A, 'server-error', 1)
    advance(1_000)
    admitted(store, A).settle({ kind: 'cancelled', streamed: true })
    expect(store.observe(A).circuit).toBe('half_open')
    const probe = admitted(store, A)
    expect(probe.probe).toBe(true)
    probe.settle(SUCCESS)
    expect(store.observe(A).circuit).toBe('closed')
  })

  test('half-open gives one permit, and views do not use it up', () => {
    const { store, advance } = open(SETTINGS)
    fail(store, A, 'server-error', 3)
    advance(1_000)
    for (let view = 0; view < 5; view++) {
      expect(store.observe(A)).toMatchObject({ circuit: 'half_open', recoveryMs: undefined })
      store.snapshot()
    }
    const probe = admitted(store, A)
    expect(store.admit(A)).toMatchObject({ admitted: false, code: 'circuit_open' })
    expect(store.observe(A).recoveryMs).toBeGreaterThan(0)
    probe.settle(failure('server-error'))
    expect(store.observe(A)).toMatchObject({ circuit: 'open', recoveryMs: 1_000 })
  })

  test('a provider’s one probe stands for all its targets', () => {
    const { store, advance } = open(SETTINGS)
    fail(store, A, 'network', 3)
    advance(1_000)
    const probe = admitted(store, B)
    expect(store.admit(A)).toMatchObject({ admitted: false })
    probe.settle(SUCCESS)
    // The target that failed still has to show that it works.
    expect(store.observe(A).circuit).toBe('half_open')
    expect(store.observe(B).circuit).toBe('closed')
  })

  test('a probe’s first token lets others through; should it break off, the circuit opens again', () => {
    const { store, advance } = open(SETTINGS)
    fail(store, A, 'stream-interrupted', 3)
    advance(1_000)
    const probe = admitted(store, A)
    probe.answering()
    admitted(store, A).settle({ kind: 'cancelled', streamed: true })
    probe.settle({ ...failure('stream-interrupted'), ttftMs: 20, streamed: true })
    expect(store.observe(A).circuit).toBe('open')
  })

  test('a stream that breaks off each time opens the circuit although it begins each time', () => {
    const { store } = open(SETTINGS)
    for (let time = 0; time < 3; time++) {
      const permit = admitted(store, A)
      permit.answering()
      permit.settle({ ...failure('stream-interrupted'), ttftMs: 20, streamed: true })
    }
    expect(store.observe(A).circuit).toBe('open')
  })

  test('a permit that is lost blocks the probe for a few minutes at most', () => {
    const { store, advance } = open(SETTINGS)
    fail(store, A, 'server-error', 3)
    advance(1_000)
    admitted(store, A)
    advance(300_000)
    expect(admitted(store, A).probe).toBe(true)
  })
}
