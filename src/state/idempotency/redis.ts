import { redisScript, type Redis } from '../redis/redis.ts'
import type { IdempotencyClaim, IdempotencyStore } from './store.ts'

/**
 * Each key is a hash: `print`, the fingerprint; `holder` and `lease`, while somebody is at it; `until`, when it is forgotten; `sealed`, an answer in
 * base64. Times are Unix ms of the server, or what is given instead. First values of each script: time (negative for the server's own), length
 * of a lease, for how long keys are remembered.
 */
const COMMON = `
local now, lease, ttl = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if now < 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local function keep(key)
  redis.call('HSET', key, 'until', now + ttl)
  redis.call('PEXPIRE', key, math.max(ttl, lease))
end
`

/** Key: that of the call. Values: fingerprint, name of the holder-to-be. */
const CLAIM = redisScript(`${COMMON}
local known = redis.call('HMGET', KEYS[1], 'print', 'holder', 'lease', 'until', 'sealed')
local isKnown = known[4] and tonumber(known[4]) > now
if isKnown and known[1] ~= ARGV[4] then return {'mismatch'} end
if known[2] and tonumber(known[3]) > now then return {'in-flight'} end
if isKnown and known[5] then
  keep(KEYS[1])
  return {'answered', known[5]}
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'print', ARGV[4], 'holder', ARGV[5], 'lease', now + lease)
keep(KEYS[1])
return {'claimed'}
`)

/** Keys: those of the holders. Values: holders. */
const RENEW = redisScript(`${COMMON}
for index, key in ipairs(KEYS) do
  if redis.call('HGET', key, 'holder') == ARGV[index + 3] then
    redis.call('HSET', key, 'lease', now + lease)
    keep(key)
  end
end
return 1
`)

/** Key: that of the holder. Values: holder, its answer or nothing. */
const FINISH = redisScript(`${COMMON}
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[4] then return 0 end
redis.call('HDEL', KEYS[1], 'holder', 'lease')
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'sealed', ARGV[5]) end
keep(KEYS[1])
return 1
`)

export interface RedisIdempotencyOptions {
  readonly redis: Pick<Redis, 'run' | 'key'>
  /** Milliseconds until a claim that is not renewed ends. */
  readonly leaseMs: number
  /** Milliseconds a key is remembered after its last use. */
  readonly ttlMs: number
  /** Unix ms, instead of the server's clock. For tests. */
  readonly now?: (() => number) | undefined
}

/** Idempotency keys that all replicas share. Each call is one script. Rejects with `state_unavailable` by the client's deadline. */
export function createRedisIdempotency({ redis, leaseMs, ttlMs, now = () => -1 }: RedisIdempotencyOptions): IdempotencyStore {
  const nameOf = (key: string): string => redis.key('idempotency', key)
  /** A holder is the key and a name of its own. */
  const keyOf = (holder: string): string => nameOf(holder.slice(0, Math.max(0, holder.lastIndexOf(' '))))
  const times = (): number[] => [now(), leaseMs, ttlMs]
  return {
    async claim({ key, fingerprint }) {
      const holder = `${key} ${crypto.randomUUID()}`
      const [kind, sealed] = (await redis.run(CLAIM, [nameOf(key)], [...times(), fingerprint, holder])) as [
        IdempotencyClaim['kind'],
        string?,
      ]
      if (kind === 'claimed') return { kind, holder }
      return kind === 'answered' ? { kind, sealed: new Uint8Array(Buffer.from(sealed ?? '', 'base64')) } : { kind }
    },
    async renew(holders) {
      if (holders.length > 0) await redis.run(RENEW, holders.map(keyOf), [...times(), ...holders])
    },
    async finish(holder, sealed) {
      const answer = sealed === undefined ? '' : Buffer.from(sealed).toString('base64')
      await redis.run(FINISH, [keyOf(holder)], [...times(), holder, answer])
    },
  }
}
