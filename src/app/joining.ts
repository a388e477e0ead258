import type { GatewayState } from '../state/open-state.ts'

/** Joins the gateways that share the state once, and again after it failed. */
export class Joining {
  isDone: boolean
  private readonly state: Pick<GatewayState, 'join'>
  private running: Promise<void> | undefined

  /** `isDone` from the start for a gateway that shares its state with no other. */
  constructor(state: Pick<GatewayState, 'join'>, isDone: boolean) {
    this.state = state
    this.isDone = isDone
  }

  join(): Promise<void> {
    this.running ??= this.state.join().then(
      () => {
        this.isDone = true
      },
      (error: unknown) => {
        this.running = undefined
        throw error
      },
    )
    return this.running
  }
}
