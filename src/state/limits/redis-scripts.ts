import { redisScript } from '../redis/redis.ts'

/**
 * Counters of limits as Redis keeps them. Keys begin with KEYS[1]:
 *
 * - `s:<counter>` a sliding window: amounts by the number of the part (`PARTS` of a window) in which they were taken;
 * - `p:<counter>` a period, or places: `start`, `end`, `settled`, and `held`, the sum of what is held;
 * - `h:<counter>` ends of leases by holder, `a:<counter>` the amounts they hold;
 * - `t:<holder>` what a holder has taken, by counter, so that it can be given back;
 * - `generation` a name that is drawn anew when everything was lost.
 *
 * Each script has one argument and one answer, both JSON: a word of Redis' protocol costs a gateway as much as ten characters of it. With
 * everything come `lease`, in ms, and in tests `now`, Unix ms, instead of the server's own clock. Numbers of answers have all their digits.
 */
const COMMON = `
local prefix, given = KEYS[1], cjson.decode(ARGV[1])
local now, lease = given.now, given.lease
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local PARTS = 60
local REMEMBERED = 10

local function text(number) return string.format('%.17g', number) end

local function list_of(texts) return '[' .. table.concat(texts, ',') .. ']' end

local function parts_of(counter, window)
  local key, size, list, sum = prefix .. 's:' .. counter, window / PARTS, {}, 0
  local fields = redis.call('HGETALL', key)
  for index = 1, #fields, 2 do
    local number, amount = tonumber(fields[index]), tonumber(fields[index + 1])
    if (number + 1) * size + window > now then
      list[#list + 1] = {number = number, amount = amount}
      sum = sum + amount
    else
      redis.call('HDEL', key, fields[index])
    end
  end
  table.sort(list, function(left, right) return left.number < right.number end)
  return list, sum, size
end

local function add_part(counter, window, number, amount)
  local key, field = prefix .. 's:' .. counter, text(number)
  local known = tonumber(redis.call('HGET', key, field) or '0')
  redis.call('HSET', key, field, text(known + amount))
  redis.call('PEXPIRE', key, math.ceil(window * (1 + 2 / PARTS)))
end

local function drop(counter, holder)
  local amount = redis.call('HGET', prefix .. 'a:' .. counter, holder)
  if not amount then return end
  redis.call('HDEL', prefix .. 'a:' .. counter, holder)
  redis.call('ZREM', prefix .. 'h:' .. counter, holder)
  local held = tonumber(redis.call('HGET', prefix .. 'p:' .. counter, 'held') or '0')
  redis.call('HSET', prefix .. 'p:' .. counter, 'held', text(held - tonumber(amount)))
end

local function held_of(counter)
  for _, holder in ipairs(redis.call('ZRANGEBYSCORE', prefix .. 'h:' .. counter, '-inf', now)) do drop(counter, holder) end
  if redis.call('ZCARD', prefix .. 'h:' .. counter) == 0 then return 0 end
  return tonumber(redis.call('HGET', prefix .. 'p:' .. counter, 'held') or '0')
end

local function hold(counter, holder, amount)
  drop(counter, holder)
  redis.call('ZADD', prefix .. 'h:' .. counter, text(now + lease), holder)
  redis.call('HSET', prefix .. 'a:' .. counter, holder, text(amount))
  local key = prefix .. 'p:' .. counter
  redis.call('HSET', key, 'held', text(tonumber(redis.call('HGET', key, 'held') or '0') + amount))
end

-- Places are forgotten with the last lease, periods some time after their end, and those without an end never.
local function keep(counter, kind)
  local finish = kind == 'period' and redis.call('HGET', prefix .. 'p:' .. counter, 'end') or ''
  for _, part in ipairs({'p:', 'h:', 'a:'}) do
    local key = prefix .. part .. counter
    if kind == 'slot' then redis.call('PEXPIRE', key, lease * 2)
    elseif finish == '' then redis.call('PERSIST', key)
    else redis.call('PEXPIRE', key, math.max(math.ceil(tonumber(finish) - now), 0) + lease * REMEMBERED) end
  end
end

local function start_of(counter)
  return tonumber(redis.call('HGET', prefix .. 'p:' .. counter, 'start') or '-inf') or -math.huge
end

-- A period of which nothing is known here, though it may not be the first.
local function is_new(claim)
  return claim.kind == 'period' and redis.call('EXISTS', prefix .. 'p:' .. claim.counter) == 0
end

local function begin(counter, first, finish, settled)
  redis.call('DEL', prefix .. 'h:' .. counter, prefix .. 'a:' .. counter)
  redis.call('HSET', prefix .. 'p:' .. counter, 'start', text(first), 'end', finish and text(finish) or '', 'settled', text(settled), 'held', '0')
end

-- Used, held, and when all of it is free; nil when no time frees it.
local function standing(claim)
  if claim.kind == 'sliding' then
    local list, sum, size = parts_of(claim.counter, claim.windowMs)
    local last = list[#list]
    return sum, 0, last and (last.number + 1) * size + claim.windowMs
  end
  if claim.kind == 'period' and claim.start > start_of(claim.counter) then return 0, 0, claim['end'] end
  local held = held_of(claim.counter)
  if claim.kind == 'slot' then return held, held, nil end
  local settled, finish = unpack(redis.call('HMGET', prefix .. 'p:' .. claim.counter, 'settled', 'end'))
  return tonumber(settled or '0') + held, held, tonumber(finish or '')
end

local function standing_text(used, held, resets)
  return text(used) .. ',' .. text(held) .. ',' .. (resets and text(resets) or 'null')
end
`

/**
 * All claims for a holder, or none. Given `holder`, `claims`, and whether it `asks`. Answers the standings as `granted`, or what is `refused`, or, when
 * asked to, the positions of claims of whose counters nothing is known as `unknown`.
 */
export const ACQUIRE = redisScript(`${COMMON}
local holder, claims = given.holder, given.claims

if given.asks then
  local unknown = {}
  for index, claim in ipairs(claims) do if is_new(claim) then unknown[#unknown + 1] = index - 1 end end
  if #unknown > 0 then return '{"unknown":' .. list_of(unknown) .. '}' end
end

local function fits_at(claim, resets)
  if claim.amount > claim.limit or claim.kind == 'slot' then return nil end
  if claim.kind == 'period' then return resets end
  local list, left, size = parts_of(claim.counter, claim.windowMs)
  for _, part in ipairs(list) do
    left = left - part.amount
    if left + claim.amount <= claim.limit then return (part.number + 1) * size + claim.windowMs end
  end
  return nil
end

local refused = {}
for index, claim in ipairs(claims) do
  local used, held, resets = standing(claim)
  if used + claim.amount > claim.limit then
    local fits = fits_at(claim, resets)
    refused[#refused + 1] = list_of({index - 1, standing_text(used, held, resets), fits and text(fits) or 'null'})
  end
end
if #refused > 0 then return '{"refused":' .. list_of(refused) .. '}' end

local granted = {}
for index, claim in ipairs(claims) do
  local taken = 0
  if claim.kind == 'sliding' then
    taken = math.floor(now / (claim.windowMs / PARTS))
    add_part(claim.counter, claim.windowMs, taken, claim.amount)
  else
    if claim.kind == 'period' then
      if claim.start > start_of(claim.counter) then begin(claim.counter, claim.start, claim['end'], 0) end
      taken = start_of(claim.counter)
    end
    hold(claim.counter, holder, claim.amount)
    keep(claim.counter, claim.kind)
  end
  redis.call('HSET', prefix .. 't:' .. holder, claim.counter, table.concat({claim.kind, text(claim.amount), text(taken), text(claim.windowMs or claim.start or 0)}, ' '))
  granted[index] = '[' .. standing_text(standing(claim)) .. ']'
end
if #claims > 0 then redis.call('PEXPIRE', prefix .. 't:' .. holder, lease * REMEMBERED) end
return '{"granted":' .. list_of(granted) .. '}'
`)

/**
 * Ends what holders have. Given, as `ended`, of each `holder` and the true amounts by counter as `actual`; without, it did not use what it took. Answers of
 * each null where it had taken nothing, else counter, used, held and end of each period that it was counted in.
 */
export const END = redisScript(`${COMMON}
local function finish(holder, actual)
  local counted = {}
  local taken = redis.call('HGETALL', prefix .. 't:' .. holder)
  redis.call('DEL', prefix .. 't:' .. holder)
  if #taken == 0 then return 'null' end
  for index = 1, #taken, 2 do
    local counter = taken[index]
    local kind, amount, at, first = string.match(taken[index + 1], '^(%S+) (%S+) (%S+) (%S+)$')
    amount, at, first = tonumber(amount), tonumber(at), tonumber(first)
    local truth = 0
    if actual then truth = actual[counter] end
    if kind == 'sliding' then
      local size = first / PARTS
      if truth and truth ~= amount and (at + 1) * size + first > now then add_part(counter, first, at, truth - amount) end
    elseif kind == 'slot' then
      drop(counter, holder)
    elseif at == start_of(counter) then
      drop(counter, holder)
      local key = prefix .. 'p:' .. counter
      local settled = tonumber(redis.call('HGET', key, 'settled') or '0') + (truth or amount)
      redis.call('HSET', key, 'settled', text(settled))
      local held = held_of(counter)
      local ends = tonumber(redis.call('HGET', key, 'end') or '')
      counted[#counted + 1] = list_of({cjson.encode(counter), standing_text(settled + held, held, ends)})
    end
  end
  return list_of(counted)
end

local answers = {}
for index, ended in ipairs(given.ended) do answers[index] = finish(ended.holder, ended.actual) end
return list_of(answers)
`)

/** Leases of these `holders` begin anew. */
export const RENEW = redisScript(`${COMMON}
for _, holder in ipairs(given.holders) do
  local taken = redis.call('HGETALL', prefix .. 't:' .. holder)
  for field = 1, #taken, 2 do
    local counter, kind = taken[field], string.match(taken[field + 1], '^(%S+)')
    if kind ~= 'sliding' then
      held_of(counter)
      if redis.call('HEXISTS', prefix .. 'a:' .. counter, holder) == 1 then
        redis.call('ZADD', prefix .. 'h:' .. counter, text(now + lease), holder)
        keep(counter, kind)
      end
    end
  end
  if #taken > 0 then redis.call('PEXPIRE', prefix .. 't:' .. holder, lease * REMEMBERED) end
end
return 1
`)

/** How the counters of these `claims` stand, as `standings`, and the positions of those of which nothing is known, as `unknown`. */
export const LOOK = redisScript(`${COMMON}
local standings, unknown = {}, {}
for index, claim in ipairs(given.claims) do
  if is_new(claim) then unknown[#unknown + 1] = index - 1 end
  standings[index] = '[' .. standing_text(standing(claim)) .. ']'
end
return '{"standings":' .. list_of(standings) .. ',"unknown":' .. list_of(unknown) .. '}'
`)

/** Makes what `periods` have settled at least as large as this: `counter`, `start`, `end` and `spent` of each. */
export const AT_LEAST = redisScript(`${COMMON}
for _, period in ipairs(given.periods) do
  local counter, first, amount = period.counter, period.start, period.spent
  local key = prefix .. 'p:' .. counter
  if first > start_of(counter) then begin(counter, first, period['end'], amount)
  elseif first == start_of(counter) and amount > tonumber(redis.call('HGET', key, 'settled') or '0') then
    redis.call('HSET', key, 'settled', text(amount))
  end
  keep(counter, 'period')
end
return 1
`)

/** The name of what is held here. Given a `name` for the case that there is none. */
export const GENERATION = redisScript(`${COMMON}
redis.call('SET', prefix .. 'generation', given.name, 'NX')
return redis.call('GET', prefix .. 'generation')
`)
