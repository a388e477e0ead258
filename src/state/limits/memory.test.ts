import { expect, test } from 'bun:test'
import { limitStoreConformance } from './conformance.ts'
import { period, sliding, slot } from './conformance-support.ts'
import { createMemoryLimits, type MemoryLimits } from './memory.ts'

const EPOCH = 1_700_000_000_000

function open(leaseMs?: number): { store: MemoryLimits; advance: (ms: number) => void; wall: () => number } {
  let time = 0
  const clock = { now: () => time, wall: () => EPOCH + time }
  return { store: createMemoryLimits({ clock, leaseMs }), advance: (ms) => void (time += ms), wall: clock.wall }
}

limitStoreConformance('memory', open)

test('counters that count nothing any more are forgotten, those with money for ever are not', () => {
  const { store, advance } = open(1_000)
  for (let index = 0; index < 500; index++)
    store.acquire(`a${index}`, [sliding(`rate ${index}`, 1, 5), slot(`places ${index}`, 1)])
  store.acquire('spender', [period('total', 5, 10)])
  store.settle('spender', { total: 5 })
  expect(store.size).toBe(1_001)
  advance(120_000)
  for (let index = 0; index < 600; index++) store.acquire(`b${index}`, [])
  expect(store.size).toBe(1)
  expect(store.look([period('total', 0, 10)])).toMatchObject([{ used: 5 }])
})

test('what a holder spent counts although its counter stood at nothing and was forgotten', () => {
  const { store, advance } = open(1_000)
  store.acquire('nothing held', [period('total', 0, 10)])
  store.acquire('lease over', [period('day', 5, 10)])
  advance(2_000)
  for (let index = 0; index < 10; index++) store.acquire(`b${index}`, [])
  expect(store.size).toBe(0)
  store.settle('nothing held', { total: 3 })
  store.settle('lease over', { day: 4 })
  expect(store.look([period('total', 0, 10), period('day', 0, 10)])).toMatchObject([{ used: 3 }, { used: 4 }])
})

test('periods that changed are told once, and brought back unless they are over', () => {
  const { store, wall } = open()
  const day = { start: wall() - 10, end: wall() + 1_000 }
  store.acquire('a', [period('day', 5, 10, day), period('over', 5, 10, { start: 0, end: wall() })])
  store.settle('a', { day: 4, over: 4 })
  const saved = store.changedPeriods()
  expect(saved).toContainEqual({ counter: 'day', ...day, settled: 4 })
  expect(store.changedPeriods()).toEqual([])
  const next = open().store
  next.loadPeriods(saved)
  expect(next.size).toBe(1)
  expect(next.look([period('day', 0, 10, day)])).toMatchObject([{ used: 4, resetAt: day.end }])
})
