import type { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'

/** A call under way that can be ended by the gateway. */
export interface StoppableCall {
  readonly principal: Principal
  /** Ends it with an error that its client is told, in its own format and within its stream. */
  stop(error: GatewayError): void
}

/** Whose calls have to end, and what they are told. */
export interface EndOfCalls {
  readonly concerns: (principal: Principal) => boolean
  /** Callers of this kind that were admitted lately: their calls may still be on their way in. */
  readonly admitted: readonly Principal[]
  readonly error: GatewayError
}

/** The calls under way, so that those of a key that has ended can be ended too. */
export class RunningCalls {
  private readonly calls = new Set<StoppableCall>()
  private readonly ended = new WeakMap<Principal, GatewayError>()

  /** A call that was admitted just before its key ended is ended as it begins. */
  add(call: StoppableCall): void {
    this.calls.add(call)
    const error = this.ended.get(call.principal)
    if (error !== undefined) call.stop(error)
  }

  delete(call: StoppableCall): void {
    this.calls.delete(call)
  }

  get size(): number {
    return this.calls.size
  }

  /** Returns how many were under way. */
  end({ concerns, admitted, error }: EndOfCalls): number {
    for (const principal of admitted) this.ended.set(principal, error)
    const concerned = [...this.calls].filter(({ principal }) => concerns(principal))
    for (const call of concerned) call.stop(error)
    return concerned.length
  }
}
