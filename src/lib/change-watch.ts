import type { Clock } from './clock.ts'
import { Refresh } from './refresh.ts'

/** Takes a change over. One that rejects or throws is asked again with the next look. */
export type ChangeListener = () => Promise<void> | void

export interface ChangeWatchOptions {
  /** Differs after every change. While it cannot be told, nothing is. */
  readonly mark: () => Promise<string> | string
  readonly everyMs: number
  readonly clock: Pick<Clock, 'every'>
}

/**
 * Looks at intervals whether something has changed, and tells a listener until it has taken the change over. What changes while the listener
 * reads is told of again.
 */
export class ChangeWatch {
  private readonly options: ChangeWatchOptions
  private listener: ChangeListener | undefined
  private stopLooking: (() => void) | undefined
  /** The mark of what the listener has taken over. */
  private seen: string | undefined
  private readonly looking = new Refresh(() => this.compare())

  constructor(options: ChangeWatchOptions) {
    this.options = options
  }

  /** Hears of changes from now on; the first look counts as one. One listener. */
  watch(listener: ChangeListener): void {
    this.listener = listener
    this.stopLooking ??= this.options.clock.every(this.options.everyMs, () => this.look())
    this.look()
  }

  /** Looks now, as far as anybody listens. */
  look(): void {
    if (this.listener !== undefined) this.looking.ask()
  }

  /** Resolves when nobody is told any more. */
  async close(): Promise<void> {
    this.stopLooking?.()
    this.listener = undefined
    await this.looking.close()
  }

  private async compare(): Promise<void> {
    const mark = await this.options.mark()
    if (mark === this.seen || this.listener === undefined) return
    await this.listener()
    this.seen = mark
  }
}
