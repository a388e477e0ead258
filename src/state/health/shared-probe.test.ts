import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { A, admitted, fail, failure, SETTINGS, SUCCESS } from './conformance-support.ts'
import { readProbeChange } from './circuit-change.ts'
import { createMemoryHealth } from './memory.ts'
import type { HealthStore, ProbeChange } from './store.ts'

const TURN_MS = 250

/** Replicas that hear each other at once. */
function crowd(size: number, isHeard = () => true): { readonly stores: HealthStore[]; readonly clock: ManualClock } {
  const clock = new ManualClock()
  const stores: HealthStore[] = []
  const tell = (from: number, what: (store: HealthStore) => void): void => {
    for (const [index, store] of stores.entries()) if (index !== from && isHeard()) what(store)
  }
  for (let index = 0; index < size; index++)
    stores.push(
      createMemoryHealth({
        clock,
        settings: SETTINGS,
        onCircuit: (change) => tell(index, (store) => store.adopt(change)),
        onProbe: (change: ProbeChange) => tell(index, (store) => store.adoptProbe(change)),
        turnMs: () => TURN_MS * (index + 1),
      }),
    )
  return { stores, clock }
}

const admits = (stores: readonly HealthStore[]): boolean[] => stores.map((store) => store.admit(A).admitted)

describe('a half-open circuit of several replicas', () => {
  test('gives one probe to whoever has opened it, and serves all when that works', async () => {
    const { stores, clock } = crowd(3)
    fail(stores[1]!, A, 'server-error', 3)
    await clock.advance(SETTINGS.circuit.openMs)
    const probe = admitted(stores[1]!, A)
    expect(probe.probe).toBe(true)
    await clock.advance(TURN_MS * 5)
    expect(admits(stores)).toEqual([false, false, false])
    probe.settle(SUCCESS)
    expect(admits(stores)).toEqual([true, true, true])
  })

  test('opens again for all when the probe fails', async () => {
    const { stores, clock } = crowd(2)
    fail(stores[0]!, A, 'server-error', 3)
    await clock.advance(SETTINGS.circuit.openMs)
    admitted(stores[0]!, A).settle(failure('server-error'))
    await clock.advance(SETTINGS.circuit.openMs - 1)
    expect(admits(stores)).toEqual([false, false])
    await clock.advance(1)
    expect(admits(stores)).toEqual([true, false])
  })

  test('gives the probe to the next in turn when whoever opened it has no call, and to one alone', async () => {
    const { stores, clock } = crowd(3)
    fail(stores[0]!, A, 'server-error', 3)
    await clock.advance(SETTINGS.circuit.openMs + TURN_MS)
    expect([stores[1]!.admit(A).admitted, stores[2]!.admit(A).admitted]).toEqual([false, false])
    await clock.advance(TURN_MS)
    expect(stores[1]!.admit(A).admitted).toBe(true)
    await clock.advance(TURN_MS)
    expect(admits(stores)).toEqual([false, false, false])
  })

  test('gives another probe when one told nothing, at once, or was never heard of again', async () => {
    const { stores, clock } = crowd(2)
    fail(stores[0]!, A, 'server-error', 3)
    await clock.advance(SETTINGS.circuit.openMs + 2 * TURN_MS)
    admitted(stores[0]!, A).settle({ kind: 'cancelled', streamed: true })
    expect(stores[1]!.admit(A).admitted).toBe(true)
    // The process that probes now dies.
    await clock.advance(29_999)
    expect(stores[0]!.admit(A).admitted).toBe(false)
    await clock.advance(1)
    expect(stores[0]!.admit(A).admitted).toBe(true)
  })

  test('what another release announces is read, and what is no probe is passed over', () => {
    expect(readProbeChange({ scope: 'target', id: 'p/m', isOut: true, more: 1 })).toEqual({
      scope: 'target',
      id: 'p/m',
      isOut: true,
    })
    for (const bad of [
      {},
      { scope: 'target', id: 'p', isOut: true },
      { scope: 'provider', id: 'p', isOut: 1 },
      { scope: 'x', id: 'p', isOut: true },
    ])
      expect(readProbeChange(bad)).toBeUndefined()
  })

  test('a probe that is announced for a closed circuit changes nothing', () => {
    const { stores } = crowd(2)
    expect(stores[0]!.admit(A).admitted).toBe(true)
    stores[0]!.adoptProbe({ scope: 'target', id: A.id, isOut: true })
    stores[0]!.adoptProbe({ scope: 'target', id: 'never/seen', isOut: true })
    expect(stores[0]!.admit(A).admitted).toBe(true)
  })
})
