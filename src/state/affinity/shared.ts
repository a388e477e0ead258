import { asAccountId, type TargetId } from '../../ir/ids.ts'
import type { Clock } from '../../lib/clock.ts'
import { ExpiringLru } from '../../lib/expiring-lru.ts'
import type { Announcement, Coordination } from '../coordination/store.ts'
import { answerHash } from './answer-hash.ts'
import type { AffinityKey, AffinityStore, AnswerKey, Overflow } from './store.ts'

const TOPIC = 'place'
const ORIGIN_TOPIC = 'origin'
/** A conversation that stays where it is, is announced again after this time, so that it is remembered as long as it goes on. */
const AGAIN_MS = 600_000
/** Longer than any conversation is remembered. */
const TOO_OLD_MS = 3_600_000
const CAPACITY = 10_000

export interface SharedAffinityOptions {
  /** What this replica remembers, its own conversations and those of others. */
  readonly local: AffinityStore
  readonly coordination: Pick<Coordination, 'announce' | 'listen'>
  readonly clock: Pick<Clock, 'now'>
}

/**
 * Places of conversations that every replica knows. Only what is new is announced: a conversation that stays with its account costs the
 * others one message in ten minutes.
 */
export function createSharedAffinity({ local, coordination, clock }: SharedAffinityOptions): AffinityStore {
  const announced = new ExpiringLru<string>(CAPACITY, AGAIN_MS)
  coordination.listen(TOPIC, (announcement, ageMs) => {
    const key = readKey(announcement)
    if (key === undefined || ageMs >= TOO_OLD_MS) return
    announced.delete(textOf(key))
    take(local, key, announcement)
  })
  coordination.listen(ORIGIN_TOPIC, ({ answer, target, account, session }) => {
    if ([answer, target, account, session].some((part) => typeof part !== 'string')) return
    const origin = { target: target as TargetId, account: asAccountId(String(account)), session: String(session) }
    local.rememberOrigin({ owner: '', answer: String(answer) }, origin)
  })
  return {
    lookup: (key) => local.lookup(key),
    remember(key, served) {
      local.remember(key, served)
      const { target, account, cachedTokens } = served
      const place = `${target} ${account}`
      const text = textOf(key)
      if (announced.get(text, clock.now()) === place) return
      announced.set(text, place, clock.now())
      coordination.announce(TOPIC, { ...key, target, account, cachedTokens })
    },
    forget(key) {
      if (local.lookup(key) === undefined) return
      local.forget(key)
      announced.delete(textOf(key))
      coordination.announce(TOPIC, { ...key, forget: true })
    },
    rememberOverflow(key, overflow) {
      local.rememberOverflow(key, overflow)
      coordination.announce(TOPIC, { ...key, overflow })
    },
    overflows: (key) => local.overflows(key),
    // Ids of answers stay here: the others hear of a hash.
    origin: (key) => local.origin(hashed(key)),
    rememberOrigin(key, origin) {
      const known = hashed(key)
      local.rememberOrigin(known, origin)
      coordination.announce(ORIGIN_TOPIC, { answer: known.answer, ...origin })
    },
    get size() {
      return local.size
    },
  }
}

function take(local: AffinityStore, key: AffinityKey, announcement: Announcement): void {
  const { target, account, cachedTokens, forget, overflow } = announcement
  if (forget === true) local.forget(key)
  else if (typeof target === 'string' && typeof account === 'string')
    local.remember(key, {
      target: target as TargetId,
      account: asAccountId(account),
      cachedTokens: typeof cachedTokens === 'number' ? cachedTokens : undefined,
    })
  const outgrown = readOverflow(overflow)
  if (outgrown !== undefined) local.rememberOverflow(key, outgrown)
}

function readKey({ owner, session, route }: Announcement): AffinityKey | undefined {
  return typeof owner === 'string' && typeof session === 'string' && typeof route === 'string'
    ? { owner, session, route }
    : undefined
}

function readOverflow(value: unknown): Overflow | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { target, inputTokens, windowTokens } = value as Record<string, unknown>
  if (typeof target !== 'string') return undefined
  return {
    target: target as TargetId,
    ...(typeof inputTokens === 'number' ? { inputTokens } : {}),
    ...(typeof windowTokens === 'number' ? { windowTokens } : {}),
  }
}

const hashed = (key: AnswerKey): AnswerKey => ({ owner: '', answer: answerHash(key) })

const textOf = ({ owner, session, route }: AffinityKey): string => JSON.stringify([owner, session, route])
