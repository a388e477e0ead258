import { expect, test } from 'bun:test'
import { GatewayError } from '../errors/gateway-error.ts'
import { ACME, MAIN, operatedGateway } from '../../test/support/operator-fixture.ts'
import { targetIdOf } from '../ir/ids.ts'
import type { Target } from '../ir/target.ts'
import { healthView } from './health-view.ts'
import { renderHealth } from './render-health.ts'

const target = (model: string): Target => ({ id: targetIdOf('acme', model), provider: ACME, model, format: 'openai' })

function shown(gateway: ReturnType<typeof operatedGateway>): string[] {
  return renderHealth(healthView(gateway.parts), gateway.clock.wall()).split('\n')
}

test('an untouched gateway is one table that claims nothing', () => {
  expect(shown(operatedGateway())).toEqual([
    'TARGET          CIRCUIT  IN FLIGHT  TTFT  OK  DEMOTED  DISABLED  ACCOUNTS',
    'acme/large      closed   0          -     -   -        -         2 of 2',
    'acme/org/small  closed   0          -     -   -        -         2 of 2',
  ])
})

test('below the table stands what keeps targets and accounts from being used', async () => {
  const gateway = operatedGateway()
  const { health, accounts, disables, clock } = gateway
  for (let call = 0; call < 20; call++) {
    const permit = health.admit(target('large'))
    if (permit.admitted) permit.settle({ kind: 'failure', category: 'server-error', streamed: false })
  }
  accounts.failed(ACME, MAIN, 'large', new GatewayError('upstream_authentication', 'x'))
  accounts.limited(ACME, MAIN, 'org/small', clock.now() + 9_000)
  await disables.disable({
    subject: { scope: 'model', provider: ACME, model: 'org/small' },
    reason: 'wrong answers',
    forMs: 5_400_000,
    by: 'key_1',
  })
  await clock.advance(1_000)
  const lines = shown(gateway)
  expect(lines[1]).toMatch(/^acme\/large +open +0 +- +\d+ % +streak +- +1 of 2$/)
  expect(lines[2]).toMatch(/^acme\/org\/small +closed +0 +- +- +- +for 1h29m more +1 of 2$/)
  expect(lines.slice(3)).toEqual([
    '',
    'acme/large: circuit open, next try in 29.00 s',
    "account acme/main: locked, 1 min 59 s more (the provider refused the account's credential)",
    'account acme/main: locked for org/small, 8.00 s more (told by an answer: the account is over its rate limit)',
    'disabled: model acme/org/small for 1h29m more: wrong answers (by key_1)',
  ])
})

test('names that clients invented cannot write on the terminal, and many locks stay a few lines', () => {
  const gateway = operatedGateway()
  gateway.health.admit(target('\u001b[2Jx'))
  for (let index = 0; index < 30; index++)
    gateway.accounts.failed(ACME, MAIN, `m${index}\u0007`, new GatewayError('upstream_server_error', 'x'))
  const text = shown(gateway).join('\n')
  for (const control of ['\u0007', '\u001b']) expect(text).not.toContain(control)
  expect(text).toContain('acme/?[2Jx')
  expect(text.match(/^account acme\/main/gm)).toHaveLength(6)
  expect(text).toContain('25 more locks')
})

test('accounts that log in say with what, and until when their token holds', () => {
  const gateway = operatedGateway()
  const text = (expires: number | undefined): string =>
    renderHealth(healthView({ ...gateway.parts, loginOf: () => ({ kind: 'oauth', expires_ms: expires }) }), 0)
  expect(text(3_600_000)).toContain('account acme/main: logged in (oauth), with a token for 1h more')
  expect(text(-1)).toContain('account acme/main: logged in (oauth), with a token that has ended')
  expect(text(undefined)).not.toContain('logged in')
})
