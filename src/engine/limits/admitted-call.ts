import type { GatewayError } from '../../errors/gateway-error.ts'
import { whenever, type Eventually } from '../../lib/eventually.ts'
import type { Acquisition } from '../../state/limits/store.ts'
import type { ModelPrice } from '../../ir/price.ts'
import type { LimitRule, TokenWeights } from '../../ir/limits.ts'
import type { Usage } from '../../ir/usage.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import type { Call, HeaderList } from '../engine.ts'
import { reservedCost, settledCost } from './attempt-cost.ts'
import type { RuleSet, WeighedRule } from './caller-rules.ts'
import { refusedDemands, type Demand } from './demand.ts'
import { limitHeaders } from './limit-headers.ts'
import { limitRefusal, priceRequired, unmeteredRefused, worstRefusal } from './limit-refusal.ts'
import type { AttemptPlace, AttemptSpending, CallLimits, Reservation, RuleStanding } from './limiter.ts'
import type { LimiterCore } from './limiter-core.ts'
import { weightedTokens } from './weighted-tokens.ts'

export interface Admission {
  readonly call: Pick<Call, 'requestId' | 'principal'>
  readonly rules: RuleSet
  readonly demands: readonly Demand[]
  readonly standings: readonly RuleStanding[]
  readonly queuedMs: number
  /** Told when the call is over. */
  readonly ended: () => void
}

/** A call that was let in, until it is over. */
export class AdmittedCall implements CallLimits {
  readonly queuedMs: number
  private readonly core: LimiterCore
  private readonly admission: Admission
  /** Attempts begun. */
  private attempts = 0
  /** What the attempts used; undefined while nobody knows. */
  private readonly usages: Usage[] = []
  private hasSent = false
  private isOver = false

  constructor(core: LimiterCore, admission: Admission) {
    this.core = core
    this.admission = admission
    this.queuedMs = admission.queuedMs
    if (admission.demands.length > 0) core.leases.add(admission.call.requestId)
  }

  headersFor(format: WireFormat): HeaderList {
    return limitHeaders(this.admission.standings, format, this.core.clock.wall())
  }

  reserve(place: AttemptPlace): Eventually<Reservation> {
    const { core, admission } = this
    const id = `${admission.call.requestId}.${this.attempts++}`
    const placeRules = core.places.rulesOf(place.target.provider, place.account.id)
    if (!place.isMetered && (admission.rules.needsMeter || placeRules.needsMeter)) throw unmeteredRefused(place.target.id)
    const hasBudgets = admission.rules.budgets.length + placeRules.budgets.length > 0
    return hasBudgets
      ? whenever(core.priceOf(place.target), (price) => this.reserveAt(place, placeRules, { id, price }))
      : this.reserveAt(place, placeRules, { id, price: undefined })
  }

  private reserveAt(
    place: AttemptPlace,
    placeRules: RuleSet,
    { id, price }: { readonly id: string; readonly price: ModelPrice | undefined },
  ): Eventually<Reservation> {
    const { core, admission } = this
    const { rules, call } = admission
    const budgets = [...rules.budgets, ...placeRules.budgets]
    const caller = callerOf(call)
    const cost = price === undefined ? undefined : reservedCost(place, price, core.costs.percentile95(caller, place.target.id))
    if (place.isMetered && cost === undefined && budgets.length > 0 && (rules.needsPrice || placeRules.needsPrice))
      throw priceRequired(place.target.id)
    const reserved = cost ?? 1
    const demands: Demand[] = [
      ...budgets.map((rule) => ({ rule, amount: Math.min(reserved, Math.max(1, rule.limit)) })),
      ...placeRules.requests.map((rule) => ({ rule, amount: 1 })),
      ...placeRules.places.map((rule) => ({ rule, amount: 1 })),
      ...placeRules.tokens.map((weighed) => ({ rule: weighed.rule, amount: core.estimatedTokens(weighed, place, caller) })),
    ]
    const reserve = (): Reservation =>
      new AttemptReservation({
        core,
        place,
        price,
        reserved,
        heldNanos: cost,
        id,
        caller,
        demands,
        tokens: placeRules.tokens,
        told: (spending) => this.count(spending),
      })
    return demands.length === 0 ? reserve() : whenever(this.acquire(id, demands), reserve)
  }

  end(): void {
    if (this.isOver) return
    this.isOver = true
    const { call, rules, demands, ended } = this.admission
    if (demands.length > 0) {
      const actual: Record<string, number> = {}
      for (const { rule, weights } of rules.tokens) {
        const tokens = this.tokens(weights)
        if (tokens !== undefined) actual[rule.counter] = tokens
      }
      this.core.settle(call.requestId, actual, [])
    }
    ended()
  }

  /** Undefined when an answer began whose usage nobody knows: the estimate stands. */
  private tokens(weights: TokenWeights): number | undefined {
    if (this.usages.length === 0) return this.hasSent ? undefined : 0
    return this.usages.reduce((sum, usage) => sum + (weightedTokens(usage, weights) ?? 0), 0)
  }

  private count({ usage, reached }: AttemptSpending): void {
    if (reached !== 'nothing') this.hasSent = true
    if (usage === undefined) return
    this.usages.push(usage)
    this.core.tokens.add(callerOf(this.admission.call), '', usage.outputTokens ?? 0)
  }

  /** The caller's own limits go before those of the place: nothing would change elsewhere. */
  private acquire(id: string, demands: readonly Demand[]): Eventually<void> {
    const { core } = this
    const wall = core.clock.wall()
    return whenever(core.store.acquire(id, core.claims(demands, wall)), (answer) => {
      if (!answer.granted) throw this.refusal(demands, answer, wall)
      core.leases.add(id)
    })
  }

  private refusal(demands: readonly Demand[], answer: Extract<Acquisition, { granted: false }>, wall: number): GatewayError {
    const { core, admission } = this
    const refused = refusedDemands(demands, answer.refused)
    for (const { rule, claim } of refused) core.places.note({ ...claim, resetAt: claim.fitsAt ?? claim.resetAt, rule })
    const own = refused.filter(({ rule }) => (admission.rules.budgets as readonly LimitRule[]).includes(rule))
    return own.length > 0
      ? limitRefusal(worstRefusal(own, wall), 'budget_exceeded', wall)
      : limitRefusal(worstRefusal(refused, wall), 'target_over_limit', wall)
  }
}

export const callerOf = ({ principal }: Pick<Call, 'principal'>): string =>
  principal.keyId ?? principal.owner ?? principal.tenant ?? ''

interface ReservationFacts {
  readonly core: LimiterCore
  readonly place: AttemptPlace
  readonly price: ModelPrice | undefined
  /** In nano-dollars. */
  readonly reserved: number
  /** The same where it is money that is held. */
  readonly heldNanos: number | undefined
  readonly id: string
  readonly caller: string
  readonly demands: readonly Demand[]
  readonly tokens: readonly WeighedRule[]
  readonly told: (spending: AttemptSpending) => void
}

class AttemptReservation implements Reservation {
  readonly isHolding: boolean
  readonly heldNanos: number | undefined
  private facts: ReservationFacts | undefined

  constructor(facts: ReservationFacts) {
    this.facts = facts
    this.isHolding = facts.demands.length > 0
    this.heldNanos = facts.heldNanos
  }

  settle(spending: AttemptSpending): void {
    if (this.facts === undefined) return
    const { facts } = this
    const { core, place, demands, told } = facts
    this.facts = undefined
    told(spending)
    if (demands.length === 0) return
    if (spending.model === undefined) return this.charge(facts, spending, facts.price)
    const priced = Promise.resolve(core.priceOf({ ...place.target, model: spending.model })).catch(() => undefined)
    void priced.then((price) => this.charge(facts, spending, price))
  }

  private charge(
    { core, place, reserved, id, caller, demands, tokens }: ReservationFacts,
    spending: AttemptSpending,
    price: ModelPrice | undefined,
  ): void {
    const cost = settledCost(spending, { price, reserved, place })
    if (price !== undefined && spending.usage !== undefined) core.costs.add(caller, place.target.id, cost)
    const actual: Record<string, number> = {}
    const budgets: Demand[] = []
    for (const demand of demands) {
      if (demand.rule.measure !== 'usd') continue
      actual[demand.rule.counter] = cost
      budgets.push(demand)
    }
    for (const { rule, weights } of tokens) {
      const used = spending.usage === undefined ? undefined : weightedTokens(spending.usage, weights)
      if (used !== undefined || spending.reached === 'nothing') actual[rule.counter] = used ?? 0
    }
    core.settle(id, actual, budgets)
  }
}
