import type { Clock } from '../../lib/clock.ts'
import type { Redis } from '../redis/redis.ts'
import type { Announcement } from './store.ts'

export interface FeedWriterOptions {
  readonly redis: Redis
  readonly stream: string
  /** Id of this replica. */
  readonly from: string
  readonly clock: Pick<Clock, 'now'>
  /** Told of the outcome of each sending. */
  readonly done: (error: unknown) => void
}

/** Announcements that wait while the server cannot be reached. */
const MOST_WAITING = 4_096
const MOST_AT_ONCE = 256
/** Announcements that the stream holds, roughly: what a replica that starts, or was cut off, can catch up. */
const STREAM_LENGTH = 50_000

interface Waiting {
  readonly topic: string
  readonly announcement: Announcement
  readonly since: number
}

/** Appends announcements to the stream in their order, one sending at a time. Bounded: of too many that wait the oldest are dropped. */
export class FeedWriter {
  private readonly options: FeedWriterOptions
  private queue: Waiting[] = []
  private sending: Promise<void> | undefined
  private dropped = 0
  private closed = false

  constructor(options: FeedWriterOptions) {
    this.options = options
  }

  get waiting(): number {
    return this.queue.length
  }

  get lost(): number {
    return this.dropped
  }

  push(topic: string, announcement: Announcement): void {
    if (this.closed) return
    this.queue.push({ topic, announcement, since: this.options.clock.now() })
    if (this.queue.length > MOST_WAITING) {
      this.queue.shift()
      this.dropped += 1
    }
    this.send()
  }

  /** Sends what waits, unless that is under way. */
  send(): void {
    if (this.sending !== undefined || this.queue.length === 0) return
    this.sending = this.sendAll()
      .then(
        () => this.options.done(undefined),
        (error: unknown) => this.options.done(error),
      )
      .finally(() => {
        this.sending = undefined
      })
  }

  /** One last sending. */
  async close(): Promise<void> {
    this.send()
    this.closed = true
    await this.sending
  }

  private async sendAll(): Promise<void> {
    // Whatever else is announced in this turn goes along.
    await Promise.resolve()
    while (this.queue.length > 0) {
      const batch = this.queue.slice(0, MOST_AT_ONCE)
      await Promise.all(batch.map((waiting) => this.append(waiting)))
      const sent = new Set(batch)
      this.queue = this.queue.filter((waiting) => !sent.has(waiting))
    }
  }

  private append({ topic, announcement, since }: Waiting): Promise<unknown> {
    const { redis, stream, from, clock } = this.options
    const delay = Math.round(clock.now() - since)
    return redis.send('XADD', [
      stream,
      'MAXLEN',
      '~',
      STREAM_LENGTH,
      '*',
      'from',
      from,
      'topic',
      topic,
      'delay',
      delay,
      'data',
      JSON.stringify(announcement),
    ])
  }
}
