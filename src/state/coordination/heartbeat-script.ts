import { redisScript } from '../redis/redis.ts'

/**
 * Renews a replica's lease, drops those whose lease has ended, and answers the server's time (ms) and the cards of the living. One step for
 * the server, so that no two replicas see a different crowd. Keys: leases (sorted set), cards (hash). Values: id, card, lease in ms.
 */
export const HEARTBEAT = redisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  redis.call('ZREM', KEYS[1], gone)
  redis.call('HDEL', KEYS[2], gone)
end
return {now, redis.call('HVALS', KEYS[2])}
`)

/** Leaves at once. Keys as above. Value: id. */
export const LEAVE = redisScript(`
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('HDEL', KEYS[2], ARGV[1])
`)
