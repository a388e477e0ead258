import { afterEach, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { Glob } from 'bun'
import { join, resolve } from 'node:path'
import { CHAT, serving } from '../support/client-formats.ts'
import { compiledConfig, eventually, providerAt, TestWorld } from '../support/gateway-fixture.ts'
import { setPrices } from '../support/limits-world.ts'

const SOURCE = resolve(import.meta.dir, '../../src')

/**
 * Every file that sends something to the outside, by how it is authorised and paid for. A new one does not pass before it is listed here, and
 * what is listed as a call is tried: routes by `egress.test.ts`, the gateway's own calls below, those of commands by `e2e/provider.test.ts`.
 */
const SENDERS: Readonly<Record<string, 'call' | 'own call' | 'call of a command' | 'free' | 'no model'>> = {
  'engine/attempt-run.ts': 'call',
  // The upstream charges nothing; refused to whoever has spent a budget.
  'engine/count-tokens.ts': 'free',
  'engine/formats/probe-upstream.ts': 'own call',
  'operations/try-key.ts': 'own call',
  'operations/provider/call-upstream.ts': 'call of a command',
  'providers/bedrock.ts': 'call',
  'providers/http-provider.ts': 'call',
  'credentials/token-endpoint.ts': 'no model',
  'engine/media/fetch-media.ts': 'no model',
  'observability/alerts/webhook-delivery.ts': 'no model',
  'observability/otlp/otlp-sender.ts': 'no model',
}
const CALLERS_OF_COMMANDS = [
  'operations/certify/probe-call.ts',
  'operations/provider/count-tokens.ts',
  'operations/provider/list-models.ts',
]

/** Within `transport/` requests are handed on to sockets and `fetch`. */
const senders = (pattern: RegExp): string[] =>
  [...new Glob('**/*.ts').scanSync(SOURCE)]
    .filter((path) => !path.endsWith('.test.ts') && !path.startsWith('transport/') && !path.endsWith('conformance.ts'))
    .filter((path) => pattern.test(readFileSync(join(SOURCE, path), 'utf8')))
    .toSorted()

const world = new TestWorld()
afterEach(() => world.closeAll())

const ADMIN = { headers: { authorization: 'Bearer admin-key-0123456789' } }

describe('what sends to the outside', () => {
  test('is known, with who pays for it', () => {
    expect(senders(/\b(?:transport|provider|inner)\.send\(/)).toEqual(Object.keys(SENDERS).toSorted())
    expect(senders(/\bsendTo\(/).filter((path) => path !== 'operations/provider/call-upstream.ts')).toEqual(CALLERS_OF_COMMANDS)
  })
})

/** Calls that the gateway makes for itself, and what makes it do so. */
const OWN_CALLS = ['engine/formats/probe-upstream.ts', 'operations/try-key.ts'] as const
const INTENDED = Object.entries(SENDERS).flatMap(([path, kind]) => (kind === 'own call' ? [path] : []))

describe('a call of the gateway itself', () => {
  test('is tried below, whichever it is', () => {
    expect(OWN_CALLS.toSorted()).toEqual(INTENDED.toSorted() as never)
  })

  test.each(OWN_CALLS)('%s is in the ledger, counts towards budgets, and is not made when one is spent', async (path) => {
    // A dollar each.
    const upstream = await world.upstream(serving(CHAT, { inputTokens: 1_000_000, outputTokens: 0 }))
    const configWith = (usd: number, routes: readonly unknown[] = []) => ({
      api_keys: [{ key: 'admin-key-0123456789', role: 'admin' }],
      providers: [
        providerAt('up', upstream, 'openai', {
          ...(path.includes('probe') ? { format: 'auto' } : {}),
          auth_scheme: { kind: 'bearer' },
          accounts: [{ id: 'main', api_key: 'key-main', budget: { max_usd: usd } }],
        }),
      ],
      routes,
    })
    const gateway = await world.gateway(configWith(0.5))
    await setPrices(gateway, ['up/m', 'up/n', 'up/o'])
    const provoke = async (model: string, usd: number): Promise<void> => {
      const routes = [{ name: model, match: { model }, targets: [`up/${model}`] }]
      await gateway.gateway.reload(compiledConfig(configWith(usd, routes)))
      if (!path.includes('probe')) await gateway.post('/v1/accounts/up/main/rotate', { secret: 'another-key', model }, ADMIN)
    }
    const callsTo = (model: string): number => upstream.requests.filter(({ text }) => text.includes(`"${model}"`)).length
    await provoke('m', 0.5)
    const probes = async (): Promise<number> => {
      const response = await fetch(`${gateway.url}/v1/usage/events?limit=100`, ADMIN)
      return JSON.stringify(await response.json()).split('"purpose":"probe"').length - 1
    }
    await eventually(async () => (await probes()) > 0, 'it is in the ledger')
    await provoke('n', 0.5)
    await provoke('o', 100)
    await eventually(() => callsTo('o') > 0, 'it is made again when there is money')
    expect([callsTo('m') > 0, callsTo('n')]).toEqual([true, 0])
  })
})
