import { describe, expect, test } from 'bun:test'
import type { Condition } from './alert.ts'
import { AlertBook } from './alert-book.ts'

const HOUR = 3_600_000
const condition = (subject: string, rule: Condition['rule'] = 'provider_down'): Condition => ({
  rule,
  subject,
  severity: 'critical',
  summary: `${subject} is down`,
  recovery: `${subject} is back`,
  facts: {},
})

/** A book, and what it says at each look; a look is ten seconds after the one before. */
function setup(options: { holdMs?: number; repeatMs?: number } = {}) {
  const book = new AlertBook({ holdMs: () => options.holdMs ?? 0, repeatMs: options.repeatMs })
  let now = 1_700_000_000_000
  const look = (...subjects: string[]): string[] => {
    now += 10_000
    return book
      .update(
        subjects.map((subject) => condition(subject)),
        now,
      )
      .map(({ state, summary }) => `${state}: ${summary}`)
  }
  return { book, look, wait: (ms: number) => void (now += ms) }
}

describe('the book of alerts', () => {
  test('tells what is new, once', () => {
    const { look } = setup()
    expect(look('a')).toEqual(['firing: a is down'])
    expect(look('a')).toEqual([])
    expect(look('a', 'b')).toEqual(['firing: b is down'])
  })

  test('tells that it is over when it was gone for half a minute', () => {
    const { look, book } = setup()
    look('a')
    expect([look(), look()]).toEqual([[], []])
    expect(look()).toEqual(['resolved: a is back'])
    expect([look(), book.active]).toEqual([[], []])
  })

  test('takes what comes and goes for one alert', () => {
    const { look } = setup()
    look('a')
    for (let index = 0; index < 10; index++) expect([...look(), ...look('a')]).toEqual([])
  })

  test('tells the same again as new when it had been over', () => {
    const { look } = setup()
    look('a')
    for (let index = 0; index < 3; index++) look()
    expect(look('a')).toEqual(['firing: a is down'])
  })

  test('waits until it has lasted, and forgets what has not', () => {
    const { look } = setup({ holdMs: 25_000 })
    expect([look('a'), look('a'), look(), look('a'), look('a'), look('a')]).toEqual([[], [], [], [], [], []])
    expect(look('a')).toEqual(['firing: a is down'])
  })

  test('says nothing about the end of what it never told', () => {
    const { look } = setup({ holdMs: 60_000 })
    look('a')
    for (let index = 0; index < 5; index++) expect(look()).toEqual([])
  })

  test('reminds of what lasts', () => {
    const { look, wait } = setup({ repeatMs: HOUR })
    look('a')
    expect(look('a')).toEqual([])
    wait(HOUR)
    expect(look('a')).toEqual(['firing: a is down'])
    expect(look('a')).toEqual([])
  })

  test('tells rules with the same subject apart', () => {
    const book = new AlertBook({ holdMs: () => 0, repeatMs: undefined })
    expect(book.update([condition('a'), condition('a', 'accounts_locked')], 1)).toHaveLength(2)
  })

  test('has a bound', () => {
    const { look } = setup()
    expect(look(...Array.from({ length: 900 }, (_none, index) => `s${index}`)).length).toBe(500)
  })
})
