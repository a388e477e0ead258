import { describe, expect, test } from 'bun:test'
import type { Principal } from '../../ir/principal.ts'
import type { RateRule } from '../../ir/limits.ts'
import { rememberedRules } from './caller-rules.ts'

const rule = (limit: number): RateRule => ({
  scope: 'owner',
  subject: 'alice',
  soft: [],
  counter: 'owner:alice/requests/sliding',
  measure: 'requests',
  limit,
  window: 'sliding',
})

describe('the rules of a caller', () => {
  const caller: Principal = { role: 'client', owner: 'alice' }

  test('are worked out once, until something is changed', () => {
    let version = 1
    let limit = 5
    let asked = 0
    const rulesOf = rememberedRules(
      () => {
        asked++
        return [{ rules: [rule(limit)] }]
      },
      () => version,
    )
    expect(rulesOf(caller)?.requests).toEqual([rule(5)])
    limit = 7
    expect(rulesOf(caller)?.requests).toEqual([rule(5)])
    expect(asked).toBe(1)
    version++
    expect(rulesOf(caller)?.requests).toEqual([rule(7)])
  })

  test('are none, and remembered as none, when nothing limits it', () => {
    let asked = 0
    const rulesOf = rememberedRules(
      () => {
        asked++
        return []
      },
      () => 1,
    )
    expect(rulesOf(caller)).toBeUndefined()
    expect(rulesOf(caller)).toBeUndefined()
    expect(asked).toBe(1)
  })
})
