import type { ModelPrice } from '../../ir/price.ts'
import { settledCost } from './attempt-cost.ts'
import type { AttemptPlace, AttemptSpending, Reservation } from './limiter.ts'
import type { LimiterCore } from './limiter-core.ts'
import type { RuleGroup } from './rule-group.ts'
import type { CallerFigures } from './settled-figures.ts'
import { weightedTokens } from './weighted-tokens.ts'

export interface ReservationFacts {
  readonly core: LimiterCore
  /** Told what the attempt came to. */
  readonly call: { count(spending: AttemptSpending): void }
  readonly place: AttemptPlace
  readonly price: ModelPrice | undefined
  /** What such calls came to. */
  readonly costs: CallerFigures
  readonly heldNanos: number | undefined
  readonly id: string
  /** What the attempt was asked for. */
  readonly group: RuleGroup
}

export class AttemptReservation implements Reservation {
  private readonly facts: ReservationFacts
  private isSettled = false

  constructor(facts: ReservationFacts) {
    this.facts = facts
  }

  get isHolding(): boolean {
    return !this.facts.group.isEmpty
  }

  get heldNanos(): number | undefined {
    return this.facts.heldNanos
  }

  settle(spending: AttemptSpending): void {
    if (this.isSettled) return
    this.isSettled = true
    const { core, call, place, price } = this.facts
    call.count(spending)
    if (!this.isHolding) return
    if (spending.model === undefined) return this.charge(spending, price)
    const priced = Promise.resolve(core.priceOf({ ...place.target, model: spending.model })).catch(() => undefined)
    void priced.then((told) => this.charge(spending, told))
  }

  private charge(spending: AttemptSpending, price: ModelPrice | undefined): void {
    const { core, place, costs, heldNanos, id, group } = this.facts
    const { usage, reached } = spending
    const cost = settledCost(spending, { price, reserved: heldNanos ?? 1, place })
    if (price !== undefined && usage !== undefined) costs.add(cost)
    const actual = group.actual(cost, ({ weights }) => {
      const used = usage === undefined ? undefined : weightedTokens(usage, weights)
      return used ?? (reached === 'nothing' ? 0 : undefined)
    })
    core.settle(id, actual, group.budgets)
  }
}
