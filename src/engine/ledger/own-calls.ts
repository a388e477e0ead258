import type { GatewayError } from '../../errors/gateway-error.ts'
import { attemptIdOf, type RequestId } from '../../ir/ids.ts'
import type { AttemptRecord } from '../../ir/record.ts'
import type { Usage } from '../../ir/usage.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import type { OwnBudget, OwnCallPlace } from '../limits/limiter.ts'
import type { AttemptLedger } from './attempt-ledger.ts'

/** A call that no client asked for and that has ended, such as a probe. */
export interface OwnCall {
  readonly place: OwnCallPlace
  readonly format: WireFormat
  readonly latencyMs: number
  /** Undefined when no answer came. */
  readonly status: number | undefined
  /** Undefined when the answer told none. */
  readonly usage: Usage | undefined
}

export interface OwnCallsOptions {
  /** Undefined when it is switched off. */
  readonly ledger: Pick<AttemptLedger, 'attemptEnded'> | undefined
  readonly budget: OwnBudget
  readonly generateId: () => RequestId
  /** Told when a call could not be counted towards its budgets. */
  readonly failed: (error: unknown) => void
}

/** Calls that the gateway makes for itself: within the budgets of where they go, and in the ledger as probes. */
export class OwnCalls {
  private readonly options: OwnCallsOptions

  constructor(options: OwnCallsOptions) {
    this.options = options
  }

  /** Why such a call may not be made now: `budget_exceeded`. Undefined when it may. Rejects when nobody can tell. */
  refusal(place: OwnCallPlace): Promise<GatewayError | undefined> {
    return this.options.budget.refusal(place)
  }

  ended(call: OwnCall): void {
    const { ledger, budget, generateId, failed } = this.options
    const id = attemptIdOf(generateId(), 0)
    ledger?.attemptEnded({
      id,
      record: recordOf(call),
      principal: { role: 'admin' },
      sessionId: undefined,
      purpose: 'probe',
      streamed: false,
    })
    if (call.usage !== undefined) void budget.count(id, call.place, call.usage).catch(failed)
  }
}

function recordOf({ place: { target, account }, format, latencyMs, status, usage }: OwnCall): AttemptRecord {
  const isAnswer = status !== undefined && status < 300
  return {
    target_id: target.id,
    provider_id: target.provider,
    model: target.model,
    account_id: account.id,
    format,
    started_ms: 0,
    latency_ms: latencyMs,
    outcome: isAnswer ? 'success' : 'failed',
    upstream_status: status,
    passthrough: false,
    usage,
    usage_known: usage !== undefined ? 'whole' : status !== undefined && !isAnswer ? 'unused' : 'unknown',
  }
}
