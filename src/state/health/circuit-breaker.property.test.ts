import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { CircuitBreaker } from './circuit-breaker.ts'

const SETTINGS = { enabled: true, failureThreshold: 3, openMs: 1_000 }
const LEASE_MS = 135_000

type Event =
  | { readonly do: 'call' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'end'; readonly pick: number; readonly how: 'works' | 'fails' | 'nothing' }
  | { readonly do: 'begin'; readonly pick: number }

const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('call' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 400, 999, 1_000, 5_000, 135_000) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      pick: fc.nat(20),
      how: fc.constantFrom('works' as const, 'fails' as const, 'fails' as const, 'nothing' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('begin' as const), pick: fc.nat(20) }) },
)

/** A call under way, and the period of the model in which it was let go. */
interface Call {
  readonly ticket: number
  readonly period: number
}

/** What the breaker is to do, said once more as a table of states; periods take the place of tickets. */
class Model {
  period = 0
  now = 0
  state: 'closed' | 'waiting' | 'probing' = 'closed'
  failuresInRow = 0
  openUntil = 0
  leaseEnds = 0
  /** Period of a probe that closed the circuit by its first token. */
  trial = -1

  mayCall(): boolean {
    if (this.state === 'closed') return true
    if (this.now < this.openUntil) return false
    return this.state === 'waiting' || this.now >= this.leaseEnds
  }
  call(): void {
    if (this.state === 'closed') return
    this.state = 'probing'
    this.period += 1
    this.leaseEnds = this.now + LEASE_MS
  }
  open(): void {
    this.state = 'waiting'
    this.openUntil = this.now + SETTINGS.openMs
    this.failuresInRow = 0
    this.period += 1
    this.trial = -1
  }
  close(): void {
    this.state = 'closed'
    this.failuresInRow = 0
    this.trial = -1
  }
  begin(period: number): void {
    if (this.state !== 'probing' || period !== this.period) return
    this.close()
    this.trial = period
    this.period += 1
  }
  end(period: number, how: 'works' | 'fails' | 'nothing'): void {
    if (period === this.trial) {
      this.trial = -1
      if (how === 'fails') this.open()
      return
    }
    if (period !== this.period) return
    if (this.state === 'probing') {
      if (how === 'works') this.close()
      else if (how === 'fails') this.open()
      else this.state = 'waiting'
    } else if (how === 'works') {
      this.close()
    } else if (how === 'fails') {
      this.failuresInRow += 1
      if (this.failuresInRow >= SETTINGS.failureThreshold) this.open()
    }
  }
  expectedState(): 'closed' | 'open' | 'half_open' {
    if (this.state === 'closed') return 'closed'
    return this.now < this.openUntil ? 'open' : 'half_open'
  }
}

/** Plays the events on both; throws where they differ. */
function play(events: readonly Event[]): void {
  const breaker = new CircuitBreaker()
  const model = new Model()
  const calls: Call[] = []
  for (const step of events) {
    if (step.do === 'wait') model.now += step.ms
    else if (step.do === 'call') {
      const isOpen = breaker.waitMs(model.now) > 0
      expect(isOpen).toBe(!model.mayCall())
      if (isOpen) continue
      model.call()
      calls.push({ ticket: breaker.admit(model.now), period: model.period })
    } else if (calls.length > 0) {
      const index = step.pick % calls.length
      const call = calls[index] as Call
      if (step.do === 'begin') {
        breaker.answering(call.ticket)
        model.begin(call.period)
      } else {
        calls.splice(index, 1)
        if (step.how === 'works') breaker.succeeded(call.ticket)
        else if (step.how === 'fails') breaker.failed(call.ticket, model.now, SETTINGS)
        else breaker.abstained(call.ticket)
        model.end(call.period, step.how)
      }
    }
    expect(breaker.state(model.now)).toBe(model.expectedState())
    if (model.expectedState() === 'open') expect(breaker.waitMs(model.now)).toBe(model.openUntil - model.now)
  }
}

describe('a circuit breaker', () => {
  test('does what its model says, whatever happens in whatever order', () => {
    fc.assert(fc.property(fc.array(event, { maxLength: 80, size: 'max' }), play), { numRuns: 300 })
  })

  test('lets exactly one of any number of callers through when half-open', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), (callers) => {
        const breaker = new CircuitBreaker()
        for (let failure = 0; failure < 3; failure++) breaker.failed(breaker.admit(0), 0, SETTINGS)
        let admitted = 0
        for (let caller = 0; caller < callers; caller++) {
          breaker.state(1_000)
          if (breaker.waitMs(1_000) > 0) continue
          breaker.admit(1_000)
          admitted += 1
        }
        expect(admitted).toBe(1)
      }),
    )
  })

  test('a probe that was lost gives way to another when its lease ends', () => {
    const breaker = new CircuitBreaker()
    for (let failure = 0; failure < 3; failure++) breaker.failed(breaker.admit(0), 0, SETTINGS)
    const lost = breaker.admit(1_000)
    expect(breaker.waitMs(1_000 + LEASE_MS - 1)).toBe(1)
    expect(breaker.waitMs(1_000 + LEASE_MS)).toBe(0)
    const second = breaker.admit(1_000 + LEASE_MS)
    breaker.succeeded(lost)
    expect(breaker.state(1_000 + LEASE_MS)).toBe('half_open')
    breaker.succeeded(second)
    expect(breaker.state(1_000 + LEASE_MS)).toBe('closed')
  })
})
