import { domainStateOf, type DomainState } from '../state/check-shared-state.ts'
import {
  lookAtServers,
  MOST_AHEAD_MS,
  type CoordinationLook,
  type DatabaseLook,
  type ServerLook,
  type SharedPlace,
} from '../state/look-at-servers.ts'
import { plural, safeText } from '../story-words.ts'
import { failure, fine, warning, type Finding } from './finding.ts'

/** Calls under a limit wait for two or three questions. */
const SLOW_MS = 50
/** Major and minor number of the first Redis that has all commands that are used. */
const OLDEST_REDIS = [6, 2] as const

/** Whether the servers of a shared state can be used, and are set up for it. */
export async function checkServers(place: SharedPlace): Promise<Finding[]> {
  const { database, coordination } = await lookAtServers(place)
  return findingsOf({ database, coordination })
}

/** What to say of what was seen. */
export function findingsOf({ database, coordination }: Awaited<ReturnType<typeof lookAtServers>>): Finding[] {
  return [
    ...(database.fault === undefined ? databaseFindings(database) : [failure('database', database.fault)]),
    ...(coordination === undefined
      ? []
      : coordination.fault === undefined
        ? coordinationFindings(coordination)
        : [failure('coordination', coordination.fault)]),
    ...[database, ...(coordination === undefined ? [] : [coordination])].flatMap(clockFinding),
  ]
}

function databaseFindings({ versions, ...look }: DatabaseLook): Finding[] {
  const schemas = versions.map(domainStateOf)
  const inState = (...states: DomainState['state'][]): string[] =>
    schemas.filter(({ state }) => states.includes(state)).map(({ part }) => part)
  const [refused, behind] = [inState('refused'), inState('missing', 'older')]
  return [
    fine('database', `The ${look.name} answers ${answers(look, 'PostgreSQL')}.`),
    ...(refused.length === 0
      ? []
      : [
          failure(
            'database',
            `The schema of ${refused.join(', ')} belongs to a newer Switchback.`,
            'Run that version or a later one, or name another database or ?schema= in state.store.',
          ),
        ]),
    ...(behind.length === 0
      ? []
      : [
          warning(
            'database',
            `${plural(behind.length, 'part')} of the schema ${behind.length === 1 ? 'is' : 'are'} missing or of an earlier version: ${behind.join(', ')}.`,
            'The next start brings the schema up; where the gateway\'s user may not, run "switchback state migrate" as one that may.',
          ),
        ]),
  ]
}

function coordinationFindings({ info, ...look }: CoordinationLook): Finding[] {
  const policy = info['maxmemory_policy']
  const isFull = info['maxmemory'] !== undefined && info['maxmemory'] !== '0'
  const keeps =
    info['aof_enabled'] === undefined
      ? ''
      : info['aof_enabled'] === '1'
        ? '; it persists (appendonly)'
        : '; it does not persist (no appendonly)'
  return [
    fine('coordination', `The ${look.name} answers ${answers(look, 'Redis')}${keeps}.`),
    ...(isTooOld(look.version)
      ? [
          failure(
            'coordination',
            `Redis ${safeText(look.version ?? '')} is too old.`,
            `Use Redis ${OLDEST_REDIS.join('.')} or later.`,
          ),
        ]
      : []),
    ...(info['redis_mode'] === 'cluster'
      ? [
          failure(
            'coordination',
            'It is a Redis Cluster, which keeps keys of one call on several servers.',
            'Use a single Redis.',
          ),
        ]
      : []),
    ...(info['role'] === 'slave'
      ? [failure('coordination', 'It is a copy of another Redis and takes no writes.', 'Name the primary in state.coordination.')]
      : []),
    ...(policy === undefined || policy === 'noeviction'
      ? []
      : [
          warning(
            'coordination',
            `It may drop what it holds when its memory is full (maxmemory-policy ${safeText(policy)}${isFull ? '' : ', though no maxmemory is set yet'}): counters of limits, locks and idempotency keys would vanish without a word.`,
            'Set maxmemory-policy noeviction.',
          ),
        ]),
    ...(look.roundTripMs !== undefined && look.roundTripMs > SLOW_MS
      ? [
          warning(
            'coordination',
            `It takes ${inMs(look.roundTripMs)} to ask it, and calls under a limit wait for it several times.`,
            'Place it nearer to the gateways.',
          ),
        ]
      : []),
  ]
}

function clockFinding({ name, aheadMs }: ServerLook): Finding[] {
  if (aheadMs === undefined || Math.abs(aheadMs) <= MOST_AHEAD_MS) return []
  return [
    warning(
      'clock',
      `The clock of the ${name} is ${(Math.abs(aheadMs) / 1_000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's.`,
      'Let both follow the same time server: disables, windows of limits and leases depend on it.',
    ),
  ]
}

const answers = ({ version, roundTripMs }: ServerLook, kind: string): string =>
  `in ${inMs(roundTripMs ?? 0)}${version === undefined ? '' : ` (${kind} ${safeText(version)})`}`

const inMs = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`

function isTooOld(version: string | undefined): boolean {
  if (version === undefined) return false
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < OLDEST_REDIS[0] || (major === OLDEST_REDIS[0] && minor < OLDEST_REDIS[1])
}
