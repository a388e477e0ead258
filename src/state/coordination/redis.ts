import type { Clock } from '../../lib/clock.ts'
import { isObject } from '../../ir/json.ts'
import type { Redis } from '../redis/redis.ts'
import { FeedReader } from './feed-reader.ts'
import { FeedWriter } from './feed-writer.ts'
import { HEARTBEAT, LEAVE } from './heartbeat-script.ts'
import type { AnnouncementListener, Coordination, CoordinationStatus, ReplicaCard } from './store.ts'

export interface RedisCoordinationOptions {
  readonly redis: Redis
  readonly card: ReplicaCard
  readonly clock: Clock
  /** Told once at the start of an outage and once at its end, and when replicas have different configurations. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

/** A replica that has not been heard of for so long is taken for dead. */
const LEASE_MS = 10_000
const HEARTBEAT_MS = 2_000
/** Announced by whoever joins, so that the others need not wait for their next heartbeat to know. */
const CROWD_TOPIC = 'crowd'

/**
 * Replicas that inform each other through a stream of a Redis: an announcement reaches the others as soon as it is made, and whoever was cut
 * off, or has just started, catches up from the stream.
 */
export function createRedisCoordination(options: RedisCoordinationOptions): Coordination {
  return new RedisCoordination(options)
}

class RedisCoordination implements Coordination {
  readonly id: string
  private readonly options: RedisCoordinationOptions
  private readonly listeners = new Map<string, AnnouncementListener>()
  private readonly writer: FeedWriter
  private readonly reader: FeedReader
  private card: ReplicaCard
  private alive: readonly ReplicaCard[]
  /** The server's time less this process's, in ms; undefined before it was asked. */
  private ahead: number | undefined
  private connected = false
  /** `Clock.now()` since which the others cannot be reached. */
  private cutOffAt: number | undefined
  private odd = ''
  private stopBeating: (() => void) | undefined

  constructor(options: RedisCoordinationOptions) {
    const { redis, card, clock } = options
    this.options = options
    this.id = card.id
    this.card = card
    this.alive = [card]
    const stream = redis.key('feed')
    this.listeners.set(CROWD_TOPIC, () => void this.beat().catch(() => undefined))
    this.writer = new FeedWriter({ redis, stream, from: card.id, clock, done: (error) => this.note(error) })
    this.reader = new FeedReader({
      redis,
      stream,
      clock,
      failed: (error) => this.note(error),
      heard: ({ from, topic, announcement, at, delay }) => {
        if (from === this.id) return
        const age = Math.max(0, clock.wall() + (this.ahead ?? 0) - at) + delay
        this.listeners.get(topic)?.(announcement, age)
      },
    })
  }

  announce(topic: string, announcement: Readonly<Record<string, unknown>>): void {
    this.writer.push(topic, announcement)
  }

  listen(topic: string, listener: AnnouncementListener): void {
    this.listeners.set(topic, listener)
  }

  replicas(): readonly ReplicaCard[] {
    return this.alive
  }

  status(): CoordinationStatus {
    return { connected: this.connected, waiting: this.writer.waiting, lost: this.writer.lost }
  }

  async join(): Promise<void> {
    await this.beat()
    await this.reader.start()
    this.connected = true
    this.announce(CROWD_TOPIC, {})
    this.stopBeating = this.options.clock.every(HEARTBEAT_MS, () => void this.beat().catch(() => undefined))
  }

  behindMs(): number {
    return this.cutOffAt === undefined ? 0 : this.options.clock.now() - this.cutOffAt
  }

  describe(change: Partial<Pick<ReplicaCard, 'url' | 'configHash' | 'revision'>>): void {
    this.card = { ...this.card, ...change }
    void this.beat().catch(() => undefined)
  }

  look(): Promise<void> {
    return this.beat()
  }

  async close(): Promise<void> {
    this.stopBeating?.()
    this.reader.stop()
    await this.writer.close()
    const { redis } = this.options
    // Whoever cannot say goodbye is gone when the lease ends.
    await redis.run(LEAVE, this.keys(), [this.id]).catch(() => undefined)
    redis.close()
  }

  private async beat(): Promise<void> {
    const { redis, clock } = this.options
    try {
      const answer = await redis.run(HEARTBEAT, this.keys(), [this.id, JSON.stringify(this.card), LEASE_MS])
      const [now, cards] = Array.isArray(answer) ? (answer as unknown[]) : []
      this.ahead = Number(now) - clock.wall()
      this.alive = Array.isArray(cards) ? cards.flatMap(readCard) : [this.card]
      this.compareConfigurations()
      this.note(undefined)
      this.writer.send()
    } catch (error) {
      this.note(error)
      throw error
    }
  }

  private keys(): string[] {
    const { redis } = this.options
    return [redis.key('leases'), redis.key('cards')]
  }

  /** The outcome of an exchange with the others. */
  private note(error: unknown): void {
    const isUp = error === undefined
    this.cutOffAt = isUp ? undefined : (this.cutOffAt ?? this.options.clock.now())
    if (this.connected === isUp || this.stopBeating === undefined) return
    this.connected = isUp
    if (isUp) this.options.warn('the other replicas can be reached again', { lost: this.writer.lost })
    else this.options.warn('the other replicas cannot be reached; this one serves on by what it knows', { error })
  }

  private compareConfigurations(): void {
    const others = this.alive.filter(({ configHash }) => configHash !== this.card.configHash).map(({ id }) => id)
    const odd = others.toSorted().join(' ')
    if (odd !== this.odd && odd !== '')
      this.options.warn('other replicas have another configuration; give all of them the same', { replicas: others })
    this.odd = odd
  }
}

function readCard(text: unknown): ReplicaCard[] {
  try {
    const card: unknown = JSON.parse(String(text))
    return isObject(card) && typeof card['id'] === 'string' ? [card as unknown as ReplicaCard] : []
  } catch {
    return []
  }
}
