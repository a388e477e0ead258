import { redisScript } from '../redis/redis.ts'

/**
 * Each process has a hash of its notes by attempt, named by the first key and the process; a set names the processes that have one. Keys: the
 * beginning of the hashes' names, the set of processes, the leases of the living (see `coordination/heartbeat-script.ts`).
 */

/** Notes an attempt. Values: process, id, note. */
export const NOTE = redisScript(`
redis.call('SADD', KEYS[2], ARGV[1])
return redis.call('HSET', KEYS[1] .. ARGV[1], unpack(ARGV, 2))
`)

/** Forgets attempts. Values: process, ids. */
export const FORGET = redisScript(`
local left = redis.call('HDEL', KEYS[1] .. ARGV[1], unpack(ARGV, 2))
if redis.call('EXISTS', KEYS[1] .. ARGV[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end
return left
`)

/** Process, id and note of what processes without a lease have left, of each about so many. Values: the process that asks, which is alive, and how many. */
export const ORPHANS = redisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
for _, process in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  local lease = tonumber(redis.call('ZSCORE', KEYS[3], process) or '0')
  if process ~= ARGV[1] and lease < now then
    local notes = redis.call('HSCAN', KEYS[1] .. process, 0, 'COUNT', ARGV[2])[2]
    for index = 1, #notes, 2 do found[#found + 1] = {process, notes[index], notes[index + 1]} end
  end
end
return found
`)
