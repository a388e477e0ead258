import { expect, test } from 'bun:test'
import { compiledConfig } from '../../test/support/gateway-fixture.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import { InTurn } from '../lib/in-turn.ts'
import { Secret } from '../lib/secret.ts'
import { NO_AUDIT } from './audited.ts'
import { rotateAccount, type RotationParts } from './rotate-account.ts'

const P = asProviderId('p')
const MAIN = asAccountId('main')

test('of two keys that come at once the one that is kept last is the one that is used', async () => {
  const config = compiledConfig({
    providers: [
      { id: 'p', type: 'openai_compatible', base_url: 'https://p.example/v1', accounts: [{ id: 'main', api_key: 'old' }] },
    ],
  })
  const kept: string[] = []
  const used: string[] = []
  const gate = Promise.withResolvers<void>()
  const parts: RotationParts = {
    live: {
      config,
      pooled: [],
      rotation: (provider, account, key) => ({ provider, account, key, replaces: [] }),
      useKeys: (keys) => void used.push(...keys.map(({ key }) => key.reveal())),
      trial: () => undefined,
    },
    snapshot: () => config.routing,
    accounts: { configure: () => undefined, reset: () => 0 },
    clock: new ManualClock(),
    ownCalls: { refusal: () => undefined, ended: () => undefined } as never,
    keepInVault: () => Promise.reject(new Error('not there')),
    keptKeys: {
      keeper:
        async () =>
        async ({ key }) => {
          kept.push(key.reveal())
          // The store of the first one takes its time to answer.
          if (kept.length === 1) await gate.promise
        },
    },
    turns: new InTurn(),
  }
  const origin = { actor: { kind: 'open' }, source: { via: 'command' } } as never
  const audit = { audit: NO_AUDIT, clock: new ManualClock() }
  const rotate = (secret: string) =>
    rotateAccount(
      parts,
      { audit, origin },
      { scope: 'account', provider: P, account: MAIN },
      { secret: new Secret(secret), check: false, model: undefined },
    )
  const both = [rotate('first'), rotate('second')]
  await new Promise((resolve) => setImmediate(resolve))
  gate.resolve()
  await Promise.all(both)
  expect([kept.at(-1), used.at(-1)]).toEqual(['second', 'second'])
})
