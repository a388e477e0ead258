import type { LockedAccount } from '../credentials/account-pool.ts'
import type { ErrorCode } from '../errors/codes.ts'
import { contextWindowExceeded } from '../errors/context-window.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import { unavailableTargets } from '../errors/unavailable-targets.ts'
import type { SkippedTarget } from '../ir/record.ts'
import type { Target } from '../ir/target.ts'
import type { Provider } from '../providers/provider.types.ts'
import type { LockedTarget } from './last-resort.ts'

interface Passed {
  readonly target: Target
  readonly codes: readonly ErrorCode[]
  /** Milliseconds until it may be tried; undefined when nobody knows. */
  readonly retryAfterMs: number | undefined
}

const NOBODY: readonly never[] = []

/** The targets of a plan that were passed over without a call, and why. Almost always there are none. */
export class PassedTargets {
  private all: readonly Passed[] = NOBODY
  /** Before the wait for one of them to recover. */
  private earlier: readonly Passed[] = NOBODY
  /** Those whose accounts are all locked. */
  locked: readonly LockedTarget[] = NOBODY

  get isEmpty(): boolean {
    return this.all.length === 0
  }

  /** Another look, after a wait. */
  clear(): void {
    if (this.isEmpty) return
    this.earlier = [...this.earlier, ...this.all]
    this.all = NOBODY
    this.locked = NOBODY
  }

  add(target: Target, code: ErrorCode, retryAfterMs: number | undefined): void {
    this.all = [...this.all, { target, codes: [code], retryAfterMs }]
  }

  /** None of the target's accounts can be used; `locked` are those that could be later. */
  addLocked(provider: Provider, target: Target, locked: readonly LockedAccount[]): void {
    if (locked.length === 0) return this.add(target, 'target_disabled', undefined)
    this.locked = [...this.locked, { provider, target, accounts: locked }]
    const codes = new Set(
      locked.toSorted((left, right) => left.recoveryMs - right.recoveryMs).flatMap((account) => account.codes),
    )
    const soonest = Math.min(...locked.map((account) => account.recoveryMs))
    const retryAfterMs = Number.isFinite(soonest) ? soonest : undefined
    this.all = [...this.all, { target, codes: [...codes], retryAfterMs }]
  }

  /** Milliseconds until the first of them may be tried; undefined when nobody knows. */
  get recoveryMs(): number | undefined {
    const waits = this.all.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]))
    return waits.length === 0 ? undefined : Math.min(...waits)
  }

  /** What the client is told when nothing could be called. */
  error(route: string, inputTokens: number): GatewayError {
    if (this.all.every(({ codes }) => codes[0] === 'upstream_context_too_long'))
      return contextWindowExceeded(route, { promptTokens: inputTokens })
    return unavailableTargets(
      route,
      this.all.map(({ target, codes, retryAfterMs }) => ({ target: target.id, code: codes[0] ?? 'internal', retryAfterMs })),
    )
  }

  get records(): readonly SkippedTarget[] {
    if (this.isEmpty && this.earlier.length === 0) return NOBODY
    return [...this.earlier, ...this.all].map(({ target, codes, retryAfterMs }) => ({
      target_id: target.id,
      error_codes: codes,
      retry_after_ms: retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs),
    }))
  }
}
