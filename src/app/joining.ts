/** Joins the gateways that share the state once, and again after it failed. */
export class Joining {
  isDone: boolean
  private readonly work: () => Promise<void>
  private running: Promise<void> | undefined

  /** `isDone` from the start for a gateway that shares its state with no other: it answers before everything is read. */
  constructor(work: () => Promise<void>, isDone: boolean) {
    this.work = work
    this.isDone = isDone
    if (isDone) this.join().catch(() => undefined) // whoever listens is told
  }

  join(): Promise<void> {
    this.running ??= this.work().then(
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
