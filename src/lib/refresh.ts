/**
 * Brings something up to date, asked for any number of times: one run at a time, and one more when it was asked for meanwhile. A run that
 * fails is left to whoever asks next.
 */
export class Refresh {
  private readonly work: () => Promise<void>
  private running: Promise<void> | undefined
  private isWanted = false
  private isClosed = false

  constructor(work: () => Promise<void>) {
    this.work = work
  }

  ask(): void {
    this.isWanted = true
    this.running ??= this.run()
  }

  /** Nothing begins any more; resolves when the run under way has ended. */
  async close(): Promise<void> {
    this.isClosed = true
    await this.running
  }

  private async run(): Promise<void> {
    while (this.isWanted && !this.isClosed) {
      this.isWanted = false
      try {
        await this.work()
      } catch {
        // Whoever asks next runs it again.
      }
    }
    // In the same turn as the last look at what is wanted, so that nobody asks in between.
    this.running = undefined
  }
}
