import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { period, sliding, slot, WINDOW_MS, type LimitsUnderTest, type OpenLimits } from './conformance-support.ts'

const LEASE_MS = 5_000
const MONEY = 100
const PLACES = 3
const RATE = 20
/** Rates come free at most this much late. */
const SLACK_MS = WINDOW_MS / 60

interface Hold {
  readonly id: string
  readonly money: number
  renewedAt: number
}

/** What a store must know, kept in the plainest way. */
class Model {
  now = 0
  settled = 0
  holds: Hold[] = []
  taken: { readonly id: string; readonly at: number; readonly amount: number }[] = []

  get live(): Hold[] {
    return this.holds.filter(({ renewedAt }) => renewedAt + LEASE_MS > this.now)
  }

  get money(): number {
    return this.settled + this.live.reduce((sum, { money }) => sum + money, 0)
  }

  rateWithin(ms: number): number {
    return this.taken.filter(({ at }) => at + ms > this.now).reduce((sum, { amount }) => sum + amount, 0)
  }
}

type Step =
  | { readonly do: 'acquire'; readonly money: number; readonly rate: number }
  | { readonly do: 'settle'; readonly pick: number; readonly money: number }
  | { readonly do: 'release' | 'renew'; readonly pick: number }
  | { readonly do: 'wait'; readonly ms: number }

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('acquire' as const),
      money: fc.integer({ min: 0, max: 60 }),
      rate: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('settle' as const), pick: fc.nat(9), money: fc.integer({ min: 0, max: 40 }) }),
  },
  fc.record({ do: fc.constantFrom('release' as const, 'renew' as const), pick: fc.nat(9) }),
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 400, 2_500, 4_999, 5_000, 30_000) }),
  },
)

const claimsOf = (money: number, rate: number): ReturnType<typeof slot>[] => [
  period('money', money, MONEY),
  slot('places', PLACES),
  sliding('rate', rate, RATE),
]

/** Whatever happens, nothing is over a limit, nothing that fits is refused, and what is told is what is counted. */
export function limitModelLaws(open: OpenLimits): void {
  test('keeps every limit, refuses nothing that fits, and tells what is counted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 60, size: 'max' }), async (steps) => {
        const world = await open(LEASE_MS)
        const model = new Model()
        for (const [index, step] of steps.entries()) {
          await perform(step, `holder ${index}`, world, model)
          const standings = await world.store.look(claimsOf(0, 0))
          expect(standings.map(({ used }) => used).slice(0, 2)).toEqual([model.money, model.live.length])
          expect(model.live.length).toBeLessThanOrEqual(PLACES)
          expect(model.rateWithin(WINDOW_MS)).toBeLessThanOrEqual(RATE)
        }
      }),
      { numRuns: 60 },
    )
  })
}

async function perform(step: Step, id: string, { store, advance }: LimitsUnderTest, model: Model): Promise<void> {
  switch (step.do) {
    case 'wait':
      await advance(step.ms)
      model.now += step.ms
      return
    case 'acquire': {
      const { granted } = await store.acquire(id, claimsOf(step.money, step.rate))
      const fits = model.money + step.money <= MONEY && model.live.length < PLACES
      if (fits && model.rateWithin(WINDOW_MS + SLACK_MS) + step.rate <= RATE) expect(granted).toBe(true)
      if (!fits || model.rateWithin(WINDOW_MS) + step.rate > RATE) expect(granted).toBe(false)
      if (!granted) return
      model.holds.push({ id, money: step.money, renewedAt: model.now })
      model.taken.push({ id, at: model.now, amount: step.rate })
      return
    }
    case 'settle':
    case 'release':
    case 'renew': {
      const hold = model.live[step.pick % Math.max(1, model.live.length)]
      if (hold === undefined) return
      if (step.do === 'renew') {
        await store.renew([hold.id])
        hold.renewedAt = model.now
        return
      }
      model.holds = model.holds.filter((other) => other !== hold)
      if (step.do !== 'settle') {
        model.taken = model.taken.filter((taken) => taken.id !== hold.id)
        await store.release(hold.id)
        return
      }
      model.settled += step.money
      await store.settle(hold.id, { money: step.money })
    }
  }
}
