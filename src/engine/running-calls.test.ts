import { expect, test } from 'bun:test'
import { GatewayError } from '../errors/gateway-error.ts'
import { asApiKeyId } from '../ir/ids.ts'
import type { Principal } from '../ir/principal.ts'
import { RunningCalls, type StoppableCall } from './running-calls.ts'

const REVOKED = new GatewayError('api_key_revoked', 'revoked')
const callerOf = (key: string): Principal => ({ role: 'client', keyId: asApiKeyId(key) })

function callOf(principal: Principal): StoppableCall & { readonly stops: GatewayError[] } {
  const stops: GatewayError[] = []
  return { principal, stops, stop: (error) => stops.push(error) }
}

const endOf = (...admitted: Principal[]) => ({
  concerns: ({ keyId }: Principal) => keyId === 'a',
  admitted,
  error: REVOKED,
})

test('the calls of a key that has ended are ended, and no other', () => {
  const running = new RunningCalls()
  const calls = [callOf(callerOf('a')), callOf(callerOf('b')), callOf(callerOf('a')), callOf({ role: 'admin' })]
  for (const call of calls) running.add(call)
  running.delete(calls[2]!)
  expect(running.end(endOf())).toBe(1)
  expect(calls.map(({ stops }) => stops)).toEqual([[REVOKED], [], [], []])
  expect(running.size).toBe(3)
})

test('a call that was admitted before and begins after is ended as it begins', () => {
  const running = new RunningCalls()
  const caller = callerOf('a')
  running.end(endOf(caller))
  const [late, other] = [callOf(caller), callOf(callerOf('a'))]
  running.add(late)
  running.add(other)
  expect([late.stops, other.stops]).toEqual([[REVOKED], []])
})
