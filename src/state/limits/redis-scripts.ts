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
 * The first arguments are the time (Unix ms; negative for the server's own) and the length of a lease. Numbers travel as text with all
 * their digits: what Redis would make of them is rounded.
 */
const COMMON = `
local prefix, now, lease = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
if now < 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local PARTS = 60
local REMEMBERED = 10

local function text(number) return string.format('%.17g', number) end

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

local function begin(counter, first, last, settled)
  redis.call('DEL', prefix .. 'h:' .. counter, prefix .. 'a:' .. counter)
  redis.call('HSET', prefix .. 'p:' .. counter, 'start', text(first), 'end', last, 'settled', text(settled), 'held', '0')
end

local function claim_at(index)
  return {
    kind = ARGV[index], counter = ARGV[index + 1], amount = tonumber(ARGV[index + 2]), limit = tonumber(ARGV[index + 3]),
    first = tonumber(ARGV[index + 4]), last = ARGV[index + 5],
  }
end

-- Used, held, and when all of it is free.
local function standing(claim)
  if claim.kind == 'sliding' then
    local list, sum, size = parts_of(claim.counter, claim.first)
    local last = list[#list]
    return {text(sum), '0', last and text((last.number + 1) * size + claim.first) or ''}
  end
  if claim.kind == 'period' and claim.first > start_of(claim.counter) then return {'0', '0', claim.last} end
  local held = held_of(claim.counter)
  if claim.kind == 'slot' then return {text(held), text(held), ''} end
  local settled = tonumber(redis.call('HGET', prefix .. 'p:' .. claim.counter, 'settled') or '0')
  return {text(settled + held), text(held), redis.call('HGET', prefix .. 'p:' .. claim.counter, 'end') or ''}
end
`

/**
 * All claims for a holder, or none. Arguments: holder, `ask` or `go`, then six for each claim. Answers 1 and standings, 0 and refusals, or, when
 * asked to, 2 and the positions of claims of whose counters nothing is known.
 */
export const ACQUIRE = redisScript(`${COMMON}
local holder, claims = ARGV[3], {}
for index = 5, #ARGV, 6 do claims[#claims + 1] = claim_at(index) end

if ARGV[4] == 'ask' then
  local unknown = {}
  for index, claim in ipairs(claims) do if is_new(claim) then unknown[#unknown + 1] = index - 1 end end
  if #unknown > 0 then return {2, unknown} end
end

local function fits_at(claim, resets)
  if claim.amount > claim.limit or claim.kind == 'slot' then return '' end
  if claim.kind == 'period' then return resets end
  local list, left, size = parts_of(claim.counter, claim.first)
  for _, part in ipairs(list) do
    left = left - part.amount
    if left + claim.amount <= claim.limit then return text((part.number + 1) * size + claim.first) end
  end
  return ''
end

local refused = {}
for index, claim in ipairs(claims) do
  local found = standing(claim)
  if tonumber(found[1]) + claim.amount > claim.limit then
    refused[#refused + 1] = {tostring(index - 1), found[1], found[2], found[3], fits_at(claim, found[3])}
  end
end
if #refused > 0 then return {0, refused} end

local standings = {}
for index, claim in ipairs(claims) do
  local taken = 0
  if claim.kind == 'sliding' then
    taken = math.floor(now / (claim.first / PARTS))
    add_part(claim.counter, claim.first, taken, claim.amount)
  else
    if claim.kind == 'period' then
      if claim.first > start_of(claim.counter) then begin(claim.counter, claim.first, claim.last, 0) end
      taken = start_of(claim.counter)
    end
    hold(claim.counter, holder, claim.amount)
    keep(claim.counter, claim.kind)
  end
  redis.call('HSET', prefix .. 't:' .. holder, claim.counter, table.concat({claim.kind, text(claim.amount), text(taken), text(claim.first)}, ' '))
  standings[index] = standing(claim)
end
if #claims > 0 then redis.call('PEXPIRE', prefix .. 't:' .. holder, lease * REMEMBERED) end
return {1, standings}
`)

/**
 * Ends what holders have. Arguments of each: holder, `settle` or `release`, how many true amounts follow, and these by counter. Answers of
 * each whether it had taken anything, then counter, used, held and end of each period that it was counted in.
 */
export const END = redisScript(`${COMMON}
local function finish(holder, mode, actual)
  local answer = {'0'}
  local taken = redis.call('HGETALL', prefix .. 't:' .. holder)
  redis.call('DEL', prefix .. 't:' .. holder)
  for index = 1, #taken, 2 do
    answer[1] = '1'
    local counter = taken[index]
    local kind, amount, at, first = string.match(taken[index + 1], '^(%S+) (%S+) (%S+) (%S+)$')
    amount, at, first = tonumber(amount), tonumber(at), tonumber(first)
    local truth = actual[counter]
    if mode == 'release' then truth = 0 end
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
      if mode == 'settle' then
        local held = held_of(counter)
        for _, word in ipairs({counter, text(settled + held), text(held), redis.call('HGET', key, 'end') or ''}) do
          answer[#answer + 1] = word
        end
      end
    end
  end
  return answer
end

local answers, index = {}, 3
while index <= #ARGV do
  local actual, last = {}, index + 2 + 2 * tonumber(ARGV[index + 2])
  for place = index + 3, last, 2 do actual[ARGV[place]] = tonumber(ARGV[place + 1]) end
  answers[#answers + 1] = finish(ARGV[index], ARGV[index + 1], actual)
  index = last + 1
end
return answers
`)

/** Leases of these holders begin anew. Arguments: holders. */
export const RENEW = redisScript(`${COMMON}
for index = 3, #ARGV do
  local holder = ARGV[index]
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

/** How counters stand. Arguments: six for each claim. Answers standings, and the positions of claims of whose counters nothing is known. */
export const LOOK = redisScript(`${COMMON}
local standings, unknown = {}, {}
for index = 3, #ARGV, 6 do
  local claim = claim_at(index)
  if is_new(claim) then unknown[#unknown + 1] = #standings end
  standings[#standings + 1] = standing(claim)
end
return {standings, unknown}
`)

/** Makes what periods have settled at least as large as this. Arguments: counter, start, end, amount of each. */
export const AT_LEAST = redisScript(`${COMMON}
for index = 3, #ARGV, 4 do
  local counter, first, last, amount = ARGV[index], tonumber(ARGV[index + 1]), ARGV[index + 2], tonumber(ARGV[index + 3])
  local key = prefix .. 'p:' .. counter
  if first > start_of(counter) then begin(counter, first, last, amount)
  elseif first == start_of(counter) and amount > tonumber(redis.call('HGET', key, 'settled') or '0') then
    redis.call('HSET', key, 'settled', text(amount))
  end
  keep(counter, 'period')
end
return 1
`)

/** The name of what is held here. Argument: one for the case that there is none. */
export const GENERATION = redisScript(`${COMMON}
redis.call('SET', prefix .. 'generation', ARGV[3], 'NX')
return redis.call('GET', prefix .. 'generation')
`)
