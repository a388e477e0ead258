import { isObject } from '../../ir/json.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Redis } from '../redis/redis.ts'
import type { Announcement } from './store.ts'

/** An entry of the stream. */
export interface FeedEntry {
  /** Id of the replica it is from. */
  readonly from: string
  readonly topic: string
  readonly announcement: Announcement
  /** When it reached the server, by the server's clock (Unix ms). */
  readonly at: number
  /** How long it had waited before, in ms. */
  readonly delay: number
}

export interface FeedReaderOptions {
  readonly redis: Redis
  readonly stream: string
  readonly clock: Pick<Clock, 'sleep'>
  readonly heard: (entry: FeedEntry) => void
  readonly failed: (error: unknown) => void
}

/** The server answers at the latest after this time, so that one that hangs is told from one that has nothing to say. */
const BLOCK_MS = 1_000
const DEADLINE_MS = 2_500
const PAUSE_MS = 500
const MOST_AT_ONCE = 1_000
/** Before the first entry there can be. */
const BEGINNING = '0-0'

/** Reads the stream from its beginning and then waits for what is new, on a connection of its own. */
export class FeedReader {
  private readonly options: FeedReaderOptions
  private redis: Redis | undefined
  private position = BEGINNING
  private stopped = false

  constructor(options: FeedReaderOptions) {
    this.options = options
  }

  /** Resolves when everything that is there has been heard; then goes on in the background. */
  async start(): Promise<void> {
    while (await this.read(false));
    void this.follow()
  }

  stop(): void {
    this.stopped = true
    this.redis?.close()
  }

  private async follow(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.read(true)
      } catch (error) {
        if (this.stopped) return
        this.options.failed(error)
        this.redis?.close()
        this.redis = undefined
        await this.options.clock.sleep(PAUSE_MS)
      }
    }
  }

  private async connect(): Promise<Redis> {
    const redis = this.options.redis.another()
    try {
      if (this.position !== BEGINNING) await this.checkPosition(redis)
      return redis
    } catch (error) {
      redis.close()
      throw error
    }
  }

  /** A server that came back without its stream, and perhaps with another clock, begins anew: so must whoever reads. */
  private async checkPosition(redis: Redis): Promise<void> {
    const newest = await redis.send('XREVRANGE', [this.options.stream, '+', '-', 'COUNT', 1])
    const id: unknown = Array.isArray(newest) && Array.isArray(newest[0]) ? newest[0][0] : undefined
    if (Number.parseInt(typeof id === 'string' ? id : '0', 10) < Number.parseInt(this.position, 10)) this.position = BEGINNING
  }

  /** Hears the next entries; whether there were any. */
  private async read(wait: boolean): Promise<boolean> {
    this.redis ??= await this.connect()
    const block = wait ? ['BLOCK', BLOCK_MS] : []
    const values = ['COUNT', MOST_AT_ONCE, ...block, 'STREAMS', this.options.stream, this.position]
    const entries = entriesOf(await this.redis.send('XREAD', values, DEADLINE_MS), this.options.stream)
    for (const [id, fields] of entries) {
      this.position = id
      const entry = readEntry(id, fields)
      if (entry !== undefined) this.options.heard(entry)
    }
    return entries.length > 0
  }
}

/** An answer to XREAD: a mapping from streams to entries, or nothing. */
function entriesOf(answer: unknown, stream: string): [id: string, fields: unknown[]][] {
  const entries = isObject(answer) ? answer[stream] : undefined
  return Array.isArray(entries) ? (entries as [string, unknown[]][]) : []
}

/** Undefined for an entry that no release of this program has written. */
function readEntry(id: string, fields: unknown[]): FeedEntry | undefined {
  const values = new Map<unknown, unknown>()
  for (let index = 0; index + 1 < fields.length; index += 2) values.set(fields[index], fields[index + 1])
  try {
    const announcement: unknown = JSON.parse(String(values.get('data')))
    if (!isObject(announcement)) return undefined
    return {
      from: String(values.get('from')),
      topic: String(values.get('topic')),
      announcement,
      at: Number.parseInt(id, 10),
      delay: Number(values.get('delay')) || 0,
    }
  } catch {
    return undefined
  }
}
