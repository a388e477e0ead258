import { describe, expect, test } from 'bun:test'
import { asApiKeyId, asTenantId } from '../../ir/ids.ts'
import type { SubjectLimits } from '../../ir/limits.ts'
import type { Principal } from '../../ir/principal.ts'
import { limitsOfCaller } from './limits-of-caller.ts'

const CALLER: Principal = {
  role: 'client',
  keyId: asApiKeyId('sbk_1'),
  owner: 'alice',
  tenant: asTenantId('acme'),
  project: 'web',
}
const DEFAULTS = { timezone: 'UTC', soft: [], unknown_price: 'refuse' as const }

/** Requests a minute by what they are of, and how often stored limits were looked at. */
function newWorld(stored: Record<string, number>, configured: readonly SubjectLimits[] = []) {
  const state = { looks: 0, changes: 1, defaults: DEFAULTS }
  const limitsOf = limitsOfCaller({
    configured: () => configured,
    defaults: () => state.defaults,
    keys: {
      get changes() {
        return state.changes
      },
      limitsOf(kind, id) {
        state.looks++
        const limit = stored[`${kind}:${id}`]
        return limit === undefined ? undefined : { limits: { requests_per_minute: limit } }
      },
    },
  })
  const rules = (caller: Principal = CALLER): Record<string, number> =>
    Object.fromEntries(limitsOf(caller).flatMap((subject) => subject.rules.map(({ counter, limit }) => [counter, limit])))
  return { state, stored, limitsOf, rules }
}

const configuredOwner = (limit: number): SubjectLimits => ({
  rules: [
    {
      scope: 'owner',
      subject: 'alice',
      soft: [],
      counter: 'owner:alice/requests/sliding',
      measure: 'requests',
      limit,
      window: 'sliding',
    },
  ],
})

describe('limits of a caller', () => {
  test('are those of the configuration itself when none was set beside them', () => {
    const configured = [configuredOwner(5)]
    expect(newWorld({}, configured).limitsOf(CALLER)).toBe(configured)
  })

  test('are those of its key, owner, project and tenant together', () => {
    const { rules } = newWorld({ 'key:sbk_1': 1, 'owner:alice': 2, 'project:acme/web': 3, 'tenant:acme': 4, 'owner:bob': 9 })
    expect(rules()).toEqual({
      'tenant:acme/requests/sliding': 4,
      'project:acme/web/requests/sliding': 3,
      'owner:alice/requests/sliding': 2,
      'key:sbk_1/requests/sliding': 1,
    })
    expect(rules({ role: 'admin' })).toEqual({})
  })

  test('that two places say are asked once, for the smaller one', () => {
    for (const [set, configured, least] of [
      [2, 5, 2],
      [7, 5, 5],
      [5, 5, 5],
    ] as const) {
      const { limitsOf } = newWorld({ 'owner:alice': set }, [configuredOwner(configured)])
      expect(limitsOf(CALLER).flatMap(({ rules }) => rules.map(({ limit }) => limit))).toEqual([least])
    }
  })

  test('are read again after a change, and only then', () => {
    const { state, stored, rules } = newWorld({ 'key:sbk_1': 1 })
    for (let count = 0; count < 50; count++) rules()
    const looked = state.looks
    expect(looked).toBeLessThanOrEqual(4)
    stored['key:sbk_1'] = 9
    expect(rules()).toEqual({ 'key:sbk_1/requests/sliding': 1 })
    state.changes++
    expect(rules()).toEqual({ 'key:sbk_1/requests/sliding': 9 })
    state.defaults = { ...DEFAULTS }
    rules()
    expect(state.looks).toBe(looked * 3)
  })
})
