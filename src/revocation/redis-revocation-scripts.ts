/**
 * The Lua scripts, which Redis runs atomically. They use the clock and identity of Redis, never those of a replica. Each
 * script names all its keys, and all keys are in one slot (`revocation-keys.ts`).
 */

/** `nowMs()`, and `server()`: the run_id of this master (new with every start, so it changes with a restart or failover) and whether it evicts keys. */
const SERVER = `
local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function server()
  local info = redis.call('INFO', 'server', 'memory')
  local limit = string.match(info, '\\nmaxmemory:(%d+)') or '0'
  local policy = string.match(info, 'maxmemory_policy:([%w-]+)') or 'noeviction'
  return string.match(info, 'run_id:(%w+)') or '', limit ~= '0' and policy ~= 'noeviction'
end
`;

/** Raises each key's notBefore and time to live, never lowers them. Answers how many were missing or lower, and the oldest notBefore of these. */
const RAISE = `
local function raise(first, firstArgument)
  local raised, oldest = 0, 0
  for i = first, #KEYS do
    local argument = firstArgument + (i - first) * 2
    local notBefore, ttl = tonumber(ARGV[argument]), tonumber(ARGV[argument + 1])
    local held = tonumber(redis.call('GET', KEYS[i]) or '') or -1
    local left = redis.call('PTTL', KEYS[i])
    if held < notBefore then
      redis.call('SET', KEYS[i], ARGV[argument], 'PX', math.max(left, ttl))
      raised = raised + 1
      if oldest == 0 or notBefore < oldest then oldest = notBefore end
    elseif left >= 0 and left < ttl then
      redis.call('PEXPIRE', KEYS[i], ttl)
    end
  end
  return { raised, oldest }
end
`;

/** KEYS: revoked… · ARGV: (notBefore, ttl)… */
export const RAISE_SCRIPT = `${RAISE} return raise(1, 1)`;

/** KEYS: turn, revoked… · ARGV: pass, turn in ms, (notBefore, ttl)… */
export const RAISE_IN_TURN_SCRIPT = `${RAISE}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('TURNLOST') end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return raise(2, 3)`;

/** KEYS: turn, marker · ARGV: pass, turn in ms · answers: taken, master, marker, evicts, now */
export const TAKE_TURN_SCRIPT = `${SERVER}
local master, evicts = server()
local taken = not evicts and redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
return { taken and 1 or 0, master, redis.call('GET', KEYS[2]) or '', evicts and 1 or 0, nowMs() }`;

/**
 * KEYS: turn, marker · ARGV: pass, master, start of the copy, lease in ms, rest in ms · answers: how it ended, now
 *
 * The turn also proves that no key was lost on the way: a flush, a restart or an eviction would have removed it too. A
 * failover may keep it and lose keys, so the master must still be the same. The lease counts from the start of the copy,
 * because the copy may lack later commits.
 */
export const RENEW_SCRIPT = `${SERVER}
local now = nowMs()
if redis.call('GET', KEYS[1]) ~= ARGV[1] or server() ~= ARGV[2] then return { 'lost', now } end
local elapsed = math.max(now - ARGV[3], 0)
if elapsed >= tonumber(ARGV[4]) then return { 'late', now } end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[4] - elapsed)
redis.call('PEXPIRE', KEYS[1], math.max(ARGV[5] - elapsed, 1))
return { 'renewed', now }`;

/** KEYS: turn · ARGV: pass */
export const RELEASE_SCRIPT = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 1`;
