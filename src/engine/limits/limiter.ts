import type { GatewayError } from '../../errors/gateway-error.ts'
import type { AccountId } from '../../ir/ids.ts'
import type { LimitRule, LimitSettings } from '../../ir/limits.ts'
import type { Limited } from '../../ir/observed.ts'
import type { Principal } from '../../ir/principal.ts'
import type { Target } from '../../ir/target.ts'
import type { Usage } from '../../ir/usage.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import type { BudgetUse, QueueState } from '../../observability/settled-cost.ts'
import type { Eventually } from '../../lib/eventually.ts'
import type { Standing } from '../../state/limits/store.ts'
import type { Call, HeaderList } from '../engine.ts'

/** Where an attempt goes, and how large it may become. */
export interface AttemptPlace {
  readonly target: Target
  readonly account: { readonly id: AccountId }
  readonly estimatedInputTokens: number
  readonly maxOutputTokens: number | undefined
  /** Whether answers tell what was used. */
  readonly isMetered: boolean
}

/** How an attempt ended, as far as its cost is concerned. */
export interface AttemptSpending {
  readonly usage: Usage | undefined
  /**
   * `nothing` was sent, or the upstream refused it with an error; `unknown` was sent, and no answer came; `answer` had begun, or was
   * complete.
   */
  readonly reached: 'nothing' | 'unknown' | 'answer'
  /** The model that the answer told, where the call named none. */
  readonly model?: string | undefined
}

/** Money, tokens and places that one attempt holds. */
export interface Reservation {
  /** Whether anything is held, and of money how much, in nano-dollars; undefined when nobody knows what it costs. */
  readonly isHolding: boolean
  readonly heldNanos: number | undefined
  /** The attempt has ended. Happens once; further calls do nothing. */
  settle(spending: AttemptSpending): void
}

/** What a call holds from its admission to its end. */
export interface CallLimits {
  /** Time it waited for a place, in ms. */
  readonly queuedMs: number
  /** Rate limits of the caller, in the words of its format; empty without any. */
  headersFor(format: WireFormat): HeaderList
  /**
   * Takes what an attempt needs before it is sent. Throws or rejects with `budget_exceeded` when the caller may not spend that much,
   * `price_required` when nobody knows how much it is, `unmetered_refused` when nobody can tell what it will have used, and `target_over_limit` when it is the provider or account that may not.
   */
  reserve(place: AttemptPlace): Eventually<Reservation>
  /** The call is over. Happens once. */
  end(): void
}

export type OwnCallPlace = Pick<AttemptPlace, 'target' | 'account'>

/** Budgets that calls of the gateway itself are under: its own, and those of the provider and the account. */
export interface OwnBudget {
  /** Why nothing more may be spent there; undefined while it may. */
  refusal(place: OwnCallPlace): Promise<GatewayError | undefined>
  /** Counts what a call has cost, as far as its price is known. `id` is of the attempt. */
  count(id: string, place: OwnCallPlace, usage: Usage): Promise<void>
}

/** A rule and how it stands. */
export interface RuleStanding extends Standing {
  readonly rule: LimitRule
}

/** Everything that limits calls. The engine asks it before it decides, before it sends, and when something has ended. */
export interface Limiter {
  /**
   * Lets a call in, at once or after a fair wait. Undefined when nothing limits it. Throws or rejects with `limit_exceeded`, with
   * `admission_timeout`, or with `client_closed_request` when the client gave up waiting.
   */
  admit(call: Call): Eventually<CallLimits | undefined>
  /** Which limit of the target's provider, or of all its accounts, is used up. */
  limitedBy(target: Pick<Target, 'provider'>): Limited | undefined
  /** Whether the account's own limits leave room, and otherwise for how long not. */
  accountBlockedMs(provider: string, account: string): number | undefined
  /** Calls that wait for a place. */
  readonly queue: QueueState
  /** Budgets that were charged lately, as they stood then. */
  readonly budgets: readonly BudgetUse[]
  /** Takes the limits of another configuration. What was used and is held stays counted. */
  configure(settings: LimitSettings): void
  /** For calls that the gateway makes for itself. */
  readonly own: OwnBudget
  /** All limits of a caller and how they stand. */
  statusOf(principal: Principal): Promise<readonly RuleStanding[]>
}
