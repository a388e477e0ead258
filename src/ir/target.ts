import type { AccountId, ProviderId, TargetId } from './ids.ts'
import type { WireFormat } from './wire-format.ts'

/** A model at a provider: what a route points to and a decision selects. */
export interface Target {
  readonly id: TargetId
  readonly provider: ProviderId
  /** Name the upstream knows; may hold slashes. */
  readonly model: string
  /** Format the upstream speaks for this target. */
  readonly format: WireFormat
}

export interface AccountRef {
  readonly id: AccountId
  /** Lower is preferred. */
  readonly priority: number
}
