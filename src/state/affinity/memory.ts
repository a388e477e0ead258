import type { Clock } from '../../lib/clock.ts'
import { ExpiringLru } from '../../lib/expiring-lru.ts'
import { answerHash } from './answer-hash.ts'
import type { Affinity, AffinityKey, AffinityStore, Origin, Overflow } from './store.ts'

const CAPACITY = 10_000
/** Longer than providers keep prompt caches by default (5 minutes) and as long as their long ones (1 hour). */
const TTL_MS = 3_600_000
/** Providers drop what they have cached after five minutes, unless they are paid for more. */
const CACHE_MS = 300_000
/** Some hundred bytes each. */
const ANSWER_CAPACITY = 20_000
/** OpenAI keeps stored responses for 30 days. */
const ANSWER_TTL_MS = 30 * 86_400_000
/** Targets a conversation is remembered to have outgrown. */
const MAX_OVERFLOWS = 8

export interface MemoryAffinityOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Most conversations remembered. Default 10,000. */
  readonly capacity?: number | undefined
  /** Milliseconds after the last turn. Default one hour. */
  readonly ttlMs?: number | undefined
  /** Most answers remembered. Default 20,000. */
  readonly answerCapacity?: number | undefined
  /** Milliseconds after an answer. Default 30 days. */
  readonly answerTtlMs?: number | undefined
}

/** Places of conversations in the memory of one process. */
export function createMemoryAffinity(options: MemoryAffinityOptions): AffinityStore {
  const { clock, capacity = CAPACITY, ttlMs = TTL_MS } = options
  const answers = new ExpiringLru<Origin>(options.answerCapacity ?? ANSWER_CAPACITY, options.answerTtlMs ?? ANSWER_TTL_MS)
  const places = new ExpiringLru<Affinity>(capacity, ttlMs)
  const outgrown = new ExpiringLru<readonly Overflow[]>(capacity, ttlMs)
  return {
    lookup(key) {
      const now = clock.now()
      const place = places.get(textOf(key), now)
      if (place?.cachedTokens === undefined || now - place.at < CACHE_MS) return place
      return { ...place, cachedTokens: undefined }
    },
    remember(key, { target, account, cachedTokens }) {
      const at = clock.now()
      places.set(textOf(key), { target, account, cachedTokens, at }, at)
    },
    forget: (key) => places.delete(textOf(key)),
    rememberOverflow(key, overflow) {
      const now = clock.now()
      const text = textOf(key)
      const known = outgrown.get(text, now) ?? []
      const earlier = known.find(({ target }) => target === overflow.target)
      const others = known.filter(({ target }) => target !== overflow.target)
      const kept = earlier === undefined ? overflow : smallest(earlier, overflow)
      outgrown.set(text, [...others, kept].slice(-MAX_OVERFLOWS), now)
    },
    overflows: (key) => outgrown.get(textOf(key), clock.now()) ?? [],
    origin: (key) => answers.get(answerHash(key), clock.now()),
    rememberOrigin: (key, origin) => answers.set(answerHash(key), origin, clock.now()),
    get size() {
      return places.size
    },
  }
}

/** One statement out of two about the same target: the smaller request, and the window as it was told last. */
function smallest(earlier: Overflow, later: Overflow): Overflow {
  const sizes = [earlier.inputTokens, later.inputTokens].filter((size) => size !== undefined)
  return {
    target: later.target,
    inputTokens: sizes.length === 0 ? undefined : Math.min(...sizes),
    windowTokens: later.windowTokens ?? earlier.windowTokens,
  }
}

/** The lengths keep the parts apart, whatever characters they hold. */
const textOf = ({ owner, session, route }: AffinityKey): string => `${owner.length}:${session.length}:${owner}${session}${route}`
