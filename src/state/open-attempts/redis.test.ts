import { expect, test } from 'bun:test'
import { exampleLoss } from '../ledger/conformance.ts'
import { createRedisOpenAttempts } from './redis.ts'
import { FORGET, NOTE } from './redis-scripts.ts'

/** What Redis was told, by the name of the script; while it is away it is told nothing. */
function world() {
  const told: (readonly unknown[])[] = []
  const state = { isAway: false }
  const attempts = createRedisOpenAttempts({
    redis: {
      key: (...parts: readonly string[]) => parts.join(':'),
      async run(script: unknown, _keys: unknown, values: readonly unknown[]) {
        if (state.isAway) throw new Error('away')
        if (script === NOTE) told.push(['note', ...values.filter((_value, index) => index % 2 === 1)])
        if (script === FORGET && values.length > 1) told.push(['forget', ...values.slice(1)])
        return []
      },
    },
    process: 'me',
  })
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return { attempts, told, state, settled }
}

test('ends that Redis could not be told are told with the next look for orphans, once', async () => {
  const { attempts, told, state, settled } = world()
  attempts.begun(exampleLoss('req_a.0'))
  await settled()
  state.isAway = true
  attempts.kept(['req_a.0', 'req_of_nobody.0'])
  await settled()
  expect(told).toEqual([['note', 'req_a.0']])
  expect(await attempts.orphans().catch((error: Error) => error.message)).toBe('away')
  state.isAway = false
  await attempts.orphans()
  await attempts.orphans()
  expect(told.slice(1)).toEqual([['forget', 'req_a.0']])
})

test('what begins and ends in one breath costs Redis nothing', async () => {
  const { attempts, told, settled } = world()
  attempts.begun(exampleLoss('req_a.0'))
  attempts.kept(['req_a.0'])
  await settled()
  expect(told).toEqual([])
})
