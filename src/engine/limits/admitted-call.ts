import type { GatewayError } from '../../errors/gateway-error.ts'
import type { CallPriority, LimitRule, TokenWeights } from '../../ir/limits.ts'
import type { ModelPrice } from '../../ir/price.ts'
import type { Principal } from '../../ir/principal.ts'
import type { Usage } from '../../ir/usage.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import { whenever, type Eventually } from '../../lib/eventually.ts'
import type { Acquisition, Claim, Standing } from '../../state/limits/store.ts'
import type { Call, HeaderList } from '../engine.ts'
import { estimateInputTokens } from '../token-estimate.ts'
import { reservedCost } from './attempt-cost.ts'
import { AttemptReservation } from './attempt-reservation.ts'
import type { FairQueue, Ticket } from './fair-queue.ts'
import { limitHeaders } from './limit-headers.ts'
import { limitRefusal, priceRequired, refusedRules, unmeteredRefused, worstRefusal } from './limit-refusal.ts'
import type { AttemptPlace, AttemptSpending, CallLimits, Reservation } from './limiter.ts'
import type { LimiterCore } from './limiter-core.ts'
import { isForAll, type CallerGroups, type RuleGroup } from './rule-group.ts'
import { weightedTokens } from './weighted-tokens.ts'

/** An attempt that is about to be sent, with what its model costs. */
interface Priced {
  readonly group: RuleGroup
  readonly id: string
  readonly price: ModelPrice | undefined
}

type Refused = Extract<Acquisition, { granted: false }>

const NO_STANDINGS: readonly Standing[] = []

/** A call from where it asks to be let in until it is over. */
export class AdmittedCall implements CallLimits, Ticket {
  queuedMs = 0
  readonly flow: string
  readonly priority: CallPriority
  readonly signal: AbortSignal
  private readonly core: LimiterCore
  private readonly call: Call
  private readonly groups: CallerGroups
  private readonly caller: string
  /** Where it waits for one of the places of all calls together; undefined when these are not limited. */
  private readonly queue: FairQueue | undefined
  /** Of the rules of its admission, as it was let in. */
  private standings = NO_STANDINGS
  /** Attempts begun. */
  private attempts = 0
  /** What the attempts used; undefined while nobody knows. */
  private readonly usages: Usage[] = []
  private hasSent = false
  private isOver = false

  constructor(core: LimiterCore, call: Call, groups: CallerGroups, queue: FairQueue) {
    const { principal, signal } = call
    this.core = core
    this.call = call
    this.groups = groups
    this.queue = groups.mayWait ? queue : undefined
    this.caller = callerOf(principal)
    this.flow = flowOf(principal)
    this.priority = groups.rules.priority
    this.signal = signal
  }

  /** As `Limiter.admit`. */
  enter(): Eventually<CallLimits> {
    if (this.queue === undefined) return whenever(this.acquire(), () => this)
    return whenever(this.queue.enter(this), (queuedMs) => {
      this.queuedMs = queuedMs
      return this
    })
  }

  acquire(): Eventually<boolean> {
    const { core, call, groups } = this
    const { admission } = groups
    if (admission.isEmpty) return true
    const wall = core.clock.wall()
    const claims = this.admissionClaims(wall)
    return whenever(core.store.acquire(call.requestId, claims), (answer) => {
      if (!answer.granted) return this.refuse(claims, answer, wall)
      core.leases.add(call.requestId)
      this.standings = answer.standings
      return true
    })
  }

  giveBack(): void {
    this.core.settle(this.call.requestId, {}, [])
  }

  headersFor(format: WireFormat): HeaderList {
    return limitHeaders(this.groups.admission.rules, this.standings, format, this.core.clock.wall())
  }

  reserve(place: AttemptPlace): Eventually<Reservation> {
    const { core } = this
    const group = this.groups.attemptAt(core.places.rulesOf(place.target.provider, place.account.id))
    if (!place.isMetered && group.needsMeter) throw unmeteredRefused(place.target.id)
    const id = `${this.call.requestId}.${this.attempts++}`
    return group.budgets.length === 0
      ? this.reserveAt(place, { group, id, price: undefined })
      : whenever(core.priceOf(place.target), (price) => this.reserveAt(place, { group, id, price }))
  }

  end(): void {
    if (this.isOver) return
    this.isOver = true
    const { core, call, groups, queue } = this
    const { admission } = groups
    if (!admission.isEmpty)
      core.settle(
        call.requestId,
        admission.actual(0, ({ weights }) => this.tokens(weights)),
        [],
      )
    queue?.left(this.flow)
  }

  /** What an attempt came to. */
  count({ usage, reached }: AttemptSpending): void {
    if (reached !== 'nothing') this.hasSent = true
    if (usage === undefined) return
    this.usages.push(usage)
    this.core.tokens.add(this.caller, '', usage.outputTokens ?? 0)
  }

  private admissionClaims(wall: number): Claim[] {
    const { core, call, caller } = this
    const { admission } = this.groups
    if (admission.tokens.length === 0) return admission.claims(wall, 0, nothing)
    const { request, body } = call
    const size = { estimatedInputTokens: estimateInputTokens(request, body), maxOutputTokens: request.maxOutputTokens }
    return admission.claims(wall, 0, (weighed) => core.estimatedTokens(weighed, size, caller))
  }

  /** False when only the places of all calls together are taken. */
  private refuse(claims: readonly Claim[], { refused }: Refused, wall: number): false {
    const own = refusedRules(this.groups.admission.rules, claims, refused).filter(({ rule }) => !isForAll(rule))
    if (own.length === 0) return false
    const error: GatewayError = limitRefusal(worstRefusal(own, wall), 'limit_exceeded', wall)
    const rules = own.map(({ rule }) => rule)
    const standings = own.map(({ claim }) => claim)
    throw error.withHeaders(limitHeaders(rules, standings, this.call.codec.format, wall))
  }

  private reserveAt(place: AttemptPlace, { group, id, price }: Priced): Eventually<Reservation> {
    const { core, caller } = this
    const costs = core.costs.of(caller, place.target.id)
    const cost = price === undefined ? undefined : reservedCost(place, price, costs.percentile95)
    if (place.isMetered && cost === undefined && group.needsPrice) throw priceRequired(place.target.id)
    const reservation = new AttemptReservation({ core, call: this, place, price, costs, heldNanos: cost, id, group })
    if (group.isEmpty) return reservation
    const wall = core.clock.wall()
    const claims = group.claims(wall, cost ?? 1, (weighed) => core.estimatedTokens(weighed, place, caller))
    return whenever(core.store.acquire(id, claims), (answer) => {
      if (!answer.granted) throw this.refusal(group, claims, answer, wall)
      core.leases.add(id)
      return reservation
    })
  }

  /** The caller's own limits go before those of the place: nothing would change elsewhere. */
  private refusal(group: RuleGroup, claims: readonly Claim[], answer: Refused, wall: number): GatewayError {
    const { core, groups } = this
    const budgets: readonly LimitRule[] = groups.rules.budgets
    const refused = refusedRules(group.rules, claims, answer.refused)
    for (const { rule, claim } of refused) core.places.note({ ...claim, resetAt: claim.fitsAt ?? claim.resetAt, rule })
    const own = refused.filter(({ rule }) => budgets.includes(rule))
    return own.length > 0
      ? limitRefusal(worstRefusal(own, wall), 'budget_exceeded', wall)
      : limitRefusal(worstRefusal(refused, wall), 'target_over_limit', wall)
  }

  /** Undefined when an answer began whose usage nobody knows: the estimate stands. */
  private tokens(weights: TokenWeights): number | undefined {
    if (this.usages.length === 0) return this.hasSent ? undefined : 0
    return this.usages.reduce((sum, usage) => sum + (weightedTokens(usage, weights) ?? 0), 0)
  }
}

const nothing = (): number => 0

/** Between whom places are shared out. */
const flowOf = ({ tenant, owner, keyId }: Principal): string => tenant ?? owner ?? keyId ?? ''

const callerOf = ({ tenant, owner, keyId }: Principal): string => keyId ?? owner ?? tenant ?? ''
