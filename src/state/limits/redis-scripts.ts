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

-- The parts of a sliding window that count, in no order, their sum, the number of the last one, and the length of a part.
local function parts_of(counter, window)
  local key, size, list, sum, last = prefix .. 's:' .. counter, window / PARTS, {}, 0, nil
  local fields = redis.call('HGETALL', key)
  for index = 1, #fields, 2 do
    local number, amount = tonumber(fields[index]), tonumber(fields[index + 1])
    if (number + 1) * size + window > now then
      list[#list + 1] = {number = number, amount = amount}
      sum = sum + amount
      if not last or number > last then last = number end
    else
      redis.call('HDEL', key, fields[index])
    end
  end
  return list, sum, last, size
end

local function add_part(counter, window, number, amount)
  local key, field = prefix .. 's:' .. counter, text(number)
  local known = tonumber(redis.call('HGET', key, field) or '0')
  redis.call('HSET', key, field, text(known + amount))
  redis.call('PEXPIRE', key, math.ceil(window * (1 + 2 / PARTS)))
end

-- Whether it held anything.
local function leave(state, holder)
  local amount = redis.call('HGET', prefix .. 'a:' .. state.counter, holder)
  if not amount then return false end
  redis.call('HDEL', prefix .. 'a:' .. state.counter, holder)
  redis.call('ZREM', prefix .. 'h:' .. state.counter, holder)
  state.held = state.held - tonumber(amount)
  return true
end

local function save(state)
  redis.call('HSET', prefix .. 'p:' .. state.counter, 'settled', text(state.settled), 'held', text(state.held))
end

-- How a period, or places, stand, without what lost its lease. Of what nothing is known no period has begun.
local function read(counter)
  local found = redis.call('HMGET', prefix .. 'p:' .. counter, 'start', 'end', 'settled', 'held')
  local state = {
    counter = counter, start = tonumber(found[1] or '') or -math.huge, finish = tonumber(found[2] or ''),
    settled = tonumber(found[3] or '0'), held = tonumber(found[4] or '0'),
  }
  local late = redis.call('ZRANGEBYSCORE', prefix .. 'h:' .. counter, '-inf', now)
  for _, holder in ipairs(late) do leave(state, holder) end
  if #late > 0 then save(state) end
  state.is_idle = redis.call('ZCARD', prefix .. 'h:' .. counter) == 0
  if state.is_idle then state.held = 0 end
  return state
end

-- Places are forgotten with the last lease, periods some time after their end, and those without an end never.
local function keep(state, kind)
  for _, part in ipairs({'p:', 'h:', 'a:'}) do
    local key = prefix .. part .. state.counter
    if kind == 'slot' then redis.call('PEXPIRE', key, lease * 2)
    elseif not state.finish then redis.call('PERSIST', key)
    else redis.call('PEXPIRE', key, math.max(math.ceil(state.finish - now), 0) + lease * REMEMBERED) end
  end
end

local function hold(state, kind, holder, amount)
  if redis.call('ZADD', prefix .. 'h:' .. state.counter, text(now + lease), holder) == 0 then
    local held = redis.call('HGET', prefix .. 'p:' .. state.counter, 'held')
    state.held = tonumber(held or '0') - tonumber(redis.call('HGET', prefix .. 'a:' .. state.counter, holder) or '0')
  end
  redis.call('HSET', prefix .. 'a:' .. state.counter, holder, text(amount))
  state.held = state.held + amount
  save(state)
  -- What has holders, or has begun, is kept as long as its period already.
  if kind == 'slot' or state.is_idle then keep(state, kind) end
  state.is_idle = false
end

local function begin(state, start, finish, settled)
  state.start, state.finish, state.settled, state.held, state.is_idle = start, finish, settled, 0, true
  redis.call('DEL', prefix .. 'h:' .. state.counter, prefix .. 'a:' .. state.counter)
  redis.call('HSET', prefix .. 'p:' .. state.counter, 'start', text(start), 'end', finish and text(finish) or '', 'settled', text(settled), 'held', '0')
end

-- The state of a claim: used, held, when all of it is free (nil when no time frees it), and what it was found in.
local function look(claim)
  if claim.kind == 'sliding' then
    local list, sum, last, size = parts_of(claim.counter, claim.windowMs)
    return {used = sum, held = 0, resets = last and (last + 1) * size + claim.windowMs, parts = list, size = size}
  end
  local state = read(claim.counter)
  if claim.kind == 'slot' then return {used = state.held, held = state.held, state = state} end
  -- A period of which nothing is known here, though it may not be the first.
  local is_new = state.start == -math.huge
  if claim.start > state.start then return {used = 0, held = 0, resets = claim['end'], state = state, is_new = is_new} end
  return {used = state.settled + state.held, held = state.held, resets = state.finish, state = state}
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
local holder, claims, found = given.holder, given.claims, {}
for index, claim in ipairs(claims) do found[index] = look(claim) end

if given.asks then
  local unknown = {}
  for index, seen in ipairs(found) do if seen.is_new then unknown[#unknown + 1] = index - 1 end end
  if #unknown > 0 then return '{"unknown":' .. list_of(unknown) .. '}' end
end

local function fits_at(claim, seen)
  if claim.amount > claim.limit or claim.kind == 'slot' then return nil end
  if claim.kind == 'period' then return seen.resets end
  table.sort(seen.parts, function(left, right) return left.number < right.number end)
  local left = seen.used
  for _, part in ipairs(seen.parts) do
    left = left - part.amount
    if left + claim.amount <= claim.limit then return (part.number + 1) * seen.size + claim.windowMs end
  end
  return nil
end

local refused = {}
for index, claim in ipairs(claims) do
  local seen = found[index]
  if seen.used + claim.amount > claim.limit then
    local fits = fits_at(claim, seen)
    refused[#refused + 1] = list_of({index - 1, standing_text(seen.used, seen.held, seen.resets), fits and text(fits) or 'null'})
  end
end
if #refused > 0 then return '{"refused":' .. list_of(refused) .. '}' end

local granted, notes = {}, {}
for index, claim in ipairs(claims) do
  local seen, taken = found[index], 0
  if claim.kind == 'sliding' then
    taken = math.floor(now / seen.size)
    add_part(claim.counter, claim.windowMs, taken, claim.amount)
    seen.used = seen.used + claim.amount
    seen.resets = math.max(seen.resets or 0, (taken + 1) * seen.size + claim.windowMs)
  else
    local state = seen.state
    if claim.kind == 'period' then
      if claim.start > state.start then begin(state, claim.start, claim['end'], 0) end
      taken = state.start
      seen.resets = state.finish
    end
    hold(state, claim.kind, holder, claim.amount)
    seen.used, seen.held = state.settled + state.held, state.held
  end
  notes[#notes + 1] = claim.counter
  notes[#notes + 1] = table.concat({claim.kind, text(claim.amount), text(taken), text(claim.windowMs or claim.start or 0)}, ' ')
  granted[index] = '[' .. standing_text(seen.used, seen.held, seen.resets) .. ']'
end
if #claims > 0 then
  redis.call('HSET', prefix .. 't:' .. holder, unpack(notes))
  redis.call('PEXPIRE', prefix .. 't:' .. holder, lease * REMEMBERED)
end
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
    else
      local state = read(counter)
      if kind == 'slot' then
        if leave(state, holder) then save(state) end
      elseif at == state.start then
        leave(state, holder)
        state.settled = state.settled + (truth or amount)
        save(state)
        counted[#counted + 1] = list_of({cjson.encode(counter), standing_text(state.settled + state.held, state.held, state.finish)})
      end
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
      local state = read(counter)
      if redis.call('HEXISTS', prefix .. 'a:' .. counter, holder) == 1 then
        redis.call('ZADD', prefix .. 'h:' .. counter, text(now + lease), holder)
        keep(state, kind)
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
  local seen = look(claim)
  if seen.is_new then unknown[#unknown + 1] = index - 1 end
  standings[index] = '[' .. standing_text(seen.used, seen.held, seen.resets) .. ']'
end
return '{"standings":' .. list_of(standings) .. ',"unknown":' .. list_of(unknown) .. '}'
`)

/** Makes what `periods` have settled at least as large as this: `counter`, `start`, `end` and `spent` of each. */
export const AT_LEAST = redisScript(`${COMMON}
for _, period in ipairs(given.periods) do
  local state = read(period.counter)
  if period.start > state.start then begin(state, period.start, period['end'], period.spent)
  elseif period.start == state.start and period.spent > state.settled then
    state.settled = period.spent
    save(state)
  end
  keep(state, 'period')
end
return 1
`)

/** The name of what is held here. Given a `name` for the case that there is none. */
export const GENERATION = redisScript(`${COMMON}
redis.call('SET', prefix .. 'generation', given.name, 'NX')
return redis.call('GET', prefix .. 'generation')
`)
