import { expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { plainQuestion, snapshotOf, stateOf } from '../../../test/support/routing-worlds.ts'
import { asProviderId } from '../../ir/ids.ts'
import { createMemoryDisables } from '../../state/disables/memory.ts'
import { decide } from '../decide.ts'
import { resolveRoute } from '../resolve-route.ts'

const snapshot = snapshotOf({
  providers: ['near', 'far'].map((id) => ({ id, type: 'mock' })),
  routes: [{ name: 'fast', match: { model: 'fast' }, targets: ['near/echo', 'far/echo'] }],
})

test('what an operator has taken out of use is refused with reason, end and orderer', async () => {
  const clock = new ManualClock()
  const disables = createMemoryDisables({ clock })
  const far = asProviderId('far')
  await disables.disable({
    subject: { scope: 'model', provider: far, model: 'echo' },
    reason: 'wrong answers',
    forMs: 60_000,
    by: 'key_1',
  })
  const plan = (): ReturnType<typeof decide> => {
    const question = plainQuestion('fast')
    const state = stateOf({}, { 'far/echo': { disabled: disables.model(far, 'echo') } })
    return decide(snapshot, resolveRoute(snapshot, question), question, state)
  }
  const until = clock.wall() + 60_000
  expect(plan().rejected).toMatchObject([
    {
      target_id: 'far/echo',
      code: 'disabled',
      reason: `an operator took this model out of use until ${new Date(until).toISOString()}: wrong answers`,
      evidence: { scope: 'model', reason: 'wrong answers', until, by: 'key_1' },
    },
  ])
  await clock.advance(60_000)
  expect(plan().rejected).toEqual([])
})

test('an account that is out of use leaves the others to serve', () => {
  const question = plainQuestion('fast')
  const state = stateOf({}, { 'far/echo': { disabled: { scope: 'account', reason: 'rotating' } } })
  expect(decide(snapshot, resolveRoute(snapshot, question), question, state).rejected).toEqual([])
})
