import { describe, expect, test } from 'bun:test'
import { createFixture, fakeKey, request } from '../../test/support/http-app-fixture.ts'
import { ACME, MAIN, operatedGateway, type OperatedGateway } from '../../test/support/operator-fixture.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { asProviderId, targetIdOf } from '../ir/ids.ts'
import type { Permit } from '../state/health/store.ts'

type Json = Record<string, unknown>
interface Told {
  readonly status: number
  readonly body: Json
}

const asOperator = { authorization: 'Bearer good' }

async function post({ app }: OperatedGateway, path: string, json?: unknown, headers: Record<string, string> = {}): Promise<Told> {
  const sent = json === undefined ? request(path, { method: 'POST', headers }) : request(path, { json, headers })
  const response = await app.fetch(sent)
  return { status: response.status, body: (await response.json()) as Json }
}

async function get({ app }: OperatedGateway, path: string): Promise<Told> {
  const response = await app.fetch(request(path))
  return { status: response.status, body: (await response.json()) as Json }
}

const target = (model: string) => ({ id: targetIdOf('acme', model), provider: ACME, model, format: 'openai' as const })

describe('disabling over HTTP', () => {
  test('takes a provider out of use for a time, with reason and orderer', async () => {
    const gateway = operatedGateway({ apiKeys: [fakeKey('good', 'operator')] })
    const told = await post(gateway, '/v1/providers/acme/disable', { reason: ' outage ', for: '1h30m' }, asOperator)
    const until = gateway.clock.wall() + 5_400_000
    const by = fakeKey('good').id as string
    expect(told).toMatchObject({
      status: 200,
      body: { disabled: { scope: 'provider', provider: 'acme', reason: 'outage', until, by } },
    })
    expect(gateway.disables.model(ACME, 'anything')).toMatchObject({ reason: 'outage', until })
    await gateway.clock.advance(5_400_000)
    expect(gateway.disables.model(ACME, 'anything')).toBeUndefined()
  })

  test('takes an account and a model with slashes, by milliseconds or until enabled, without a body', async () => {
    const gateway = operatedGateway()
    await post(gateway, '/v1/accounts/acme/main/disable', { for: 1_500 })
    expect(gateway.disables.account(ACME, MAIN)).toMatchObject({ until: gateway.clock.wall() + 1_500, by: 'no key' })
    for (const path of ['/v1/models/acme/org/small/disable', '/v1/models/acme/org%2Fsmall/disable']) {
      expect(await post(gateway, path)).toMatchObject({ status: 200, body: { disabled: { model: 'org/small' } } })
      expect(gateway.disables.model(ACME, 'org/small')).toBeDefined()
      expect(gateway.disables.model(ACME, 'large')).toBeUndefined()
      expect(await post(gateway, path.replace(/disable$/, 'enable'))).toMatchObject({ body: { was_disabled: true } })
    }
  })

  test('names the nearest when there is no such subject, and changes nothing', async () => {
    const gateway = operatedGateway()
    const cases = [
      ['/v1/providers/acmee/disable', 'Did you mean acme?'],
      ['/v1/accounts/acme/mian/disable', 'Did you mean main?'],
      ['/v1/accounts/nobody/main/reset', 'There are acme, open.'],
      ['/v1/models/acme/org/smal/disable', 'Did you mean org/small?'],
      ['/v1/models/acme/org/smal/enable', 'Did you mean org/small?'],
    ] as const
    for (const [path, words] of cases) {
      const { status, body } = await post(gateway, path, {})
      expect([path, status, body['code']]).toEqual([path, 404, 'subject_not_found'])
      expect(body['message']).toContain(words)
    }
    expect(gateway.disables.list()).toEqual([])
    expect(await gateway.disables.changes()).toEqual([])
  })

  test('knows models that were called without being written down, and any of a provider that lists none', async () => {
    const gateway = operatedGateway()
    expect((await post(gateway, '/v1/models/acme/new/disable')).status).toBe(404)
    const permit = gateway.health.admit(target('new'))
    expect(permit.admitted).toBe(true)
    expect((await post(gateway, '/v1/models/acme/new/disable')).status).toBe(200)
    expect((await post(gateway, '/v1/models/open/whatever:free/disable')).status).toBe(200)
    expect(gateway.disables.model(asProviderId('open'), 'whatever:free')).toBeDefined()
  })

  test.each<[string, unknown, string]>([
    ['seconds without a unit', { for: '1800' }, '1800s, 1800m or 1800h'],
    ['a time that is none', { for: 'soon' }, '30m, 2h or 1h30m'],
    ['no time at all', { for: 0 }, 'above 0'],
    ['more than a year', { for: '53w' }, '366 days'],
    ['a time of another kind', { for: ['30m'] }, '"30m"'],
    ['a misspelt field', { reasn: 'x' }, 'Did you mean reason?'],
    ['a reason that is no text', { reason: { a: 1 } }, 'must be a text'],
    ['a reason with a line break', { reason: 'a\r\nset-cookie: b' }, 'control characters'],
    ['a reason that turns the line round', { reason: 'a\u202eb' }, 'control characters'],
    ['an endless reason', { reason: 'x'.repeat(501) }, '501 characters'],
    ['a list', [], 'JSON object'],
    ['nothing', null, 'JSON object'],
  ])('refuses %s', async (_what, body, words) => {
    const gateway = operatedGateway()
    const told = await post(gateway, '/v1/providers/acme/disable', body)
    expect([told.status, told.body['code']]).toEqual([400, 'invalid_body'])
    expect(told.body['message']).toContain(words)
    expect(gateway.disables.any).toBe(false)
  })

  test('leaves switches to those who may act on everybody', async () => {
    const gateway = operatedGateway({ apiKeys: [fakeKey('good', 'operator', 'team-a'), fakeKey('root', 'admin', 'team-a')] })
    for (const path of ['/v1/providers/acme/disable', '/v1/providers/acme/enable', '/v1/accounts/acme/main/reset'])
      expect((await post(gateway, path, {}, asOperator)).status).toBe(403)
    expect(gateway.disables.any).toBe(false)
    expect((await post(gateway, '/v1/providers/acme/disable', {}, { authorization: 'Bearer root' })).status).toBe(200)
  })
})

describe('enabling over HTTP', () => {
  test('says whether anything changed, and what still stands in the way', async () => {
    const gateway = operatedGateway()
    expect(await post(gateway, '/v1/models/acme/large/enable')).toMatchObject({
      status: 200,
      body: { enabled: { scope: 'model', provider: 'acme', model: 'large' }, was_disabled: false },
    })
    await post(gateway, '/v1/models/acme/large/disable')
    await post(gateway, '/v1/providers/acme/disable', { reason: 'outage' })
    expect((await post(gateway, '/v1/models/acme/large/enable')).body).toMatchObject({
      was_disabled: true,
      still_disabled: { scope: 'provider', reason: 'outage' },
    })
    const changes = (await get(gateway, '/v1/disables?limit=2')).body
    expect(changes).toMatchObject({
      disables: [{ scope: 'provider', provider: 'acme' }],
      changes: [
        { action: 'enable', scope: 'model', model: 'large' },
        { action: 'disable', scope: 'provider' },
      ],
    })
    expect((await get(gateway, '/v1/disables?limit=0')).status).toBe(400)
  })

  test('works for what the configuration no longer has, and takes no time', async () => {
    const gateway = operatedGateway()
    await gateway.disables.disable({ subject: { scope: 'provider', provider: asProviderId('gone') }, by: 'test' })
    expect((await post(gateway, '/v1/providers/gone/enable', { for: '5m' })).status).toBe(400)
    expect((await post(gateway, '/v1/providers/gone/enable', { reason: 'is gone' })).body).toMatchObject({ was_disabled: true })
    expect((await post(gateway, '/v1/providers/gone/enable')).status).toBe(404)
  })
})

test('a reset releases the locks of one account and says when an order still stands', async () => {
  const gateway = operatedGateway()
  const { accounts, clock } = gateway
  accounts.failed(ACME, MAIN, 'large', new GatewayError('upstream_authentication', 'refused'))
  accounts.limited(ACME, MAIN, 'org/small', clock.now() + 60_000)
  const usable = (): readonly string[] => accounts.candidates(ACME, 'large').map(({ id }) => id)
  expect(usable()).toEqual(['spare'])
  expect((await post(gateway, '/v1/accounts/acme/main/reset')).body).toEqual({
    reset: { scope: 'account', provider: 'acme', account: 'main' },
    locks_released: 2,
  })
  expect(usable()).toEqual(['main', 'spare'])
  await post(gateway, '/v1/accounts/acme/main/disable', { reason: 'rotating' })
  expect((await post(gateway, '/v1/accounts/acme/main/reset')).body).toMatchObject({
    locks_released: 0,
    still_disabled: { reason: 'rotating' },
  })
})

describe('GET /v1/health/targets', () => {
  test('tells what nobody has touched without inventing anything', async () => {
    const { status, body } = await get(operatedGateway(), '/v1/health/targets')
    expect(status).toBe(200)
    expect(body['providers']).toEqual([
      {
        id: 'acme',
        circuit: 'closed',
        in_flight: 0,
        accounts: [
          { id: 'main', healthy: true, locks: [] },
          { id: 'spare', healthy: true, locks: [] },
        ],
      },
      { id: 'open', circuit: 'closed', in_flight: 0, accounts: [expect.objectContaining({ healthy: true, locks: [] })] },
    ])
    expect(body['targets']).toEqual(
      ['large', 'org/small'].map((model) => ({
        id: `acme/${model}`,
        provider: 'acme',
        model,
        circuit: 'closed',
        in_flight: 0,
        retry_budget: { recent_calls: 0, recent_retries: 0 },
        accounts_usable: 2,
        accounts_total: 2,
      })),
    )
    expect(body['disables']).toEqual([])
  })

  test('tells calls, averages, circuits, locks, learned limits and orders', async () => {
    const gateway = operatedGateway()
    const { health, accounts, clock } = gateway
    const permits = Array.from({ length: 3 }, () => health.admit(target('large')) as Permit)
    permits[0]?.settle({ kind: 'success', ttftMs: 200, totalMs: 900, streamed: true })
    permits[1]?.settle({ kind: 'success', ttftMs: 200, totalMs: 900, streamed: true })
    health.spendRetry(target('large'))
    for (let failure = 0; failure < 20; failure++) {
      const permit = health.admit(target('org/small'))
      if (permit.admitted) permit.settle({ kind: 'failure', category: 'server-error', streamed: false })
    }
    accounts.failed(ACME, MAIN, 'large', new GatewayError('upstream_rate_limited', 'slow down', { retryAfterMs: 5_000 }))
    accounts.limited(ACME, MAIN, 'org/small', clock.now() + 9_000)
    await post(gateway, '/v1/models/acme/large/disable', { reason: 'bad answers', for: '10m' })

    const { body } = await get(gateway, '/v1/health/targets')
    const until = clock.wall() + 600_000
    expect(body['targets']).toMatchObject([
      {
        id: 'acme/large',
        circuit: 'closed',
        in_flight: 1,
        ttft_ms: 200,
        total_ms: 900,
        outcome: { samples: 2, p50_ms: 900, truncation_rate: 0 },
        retry_budget: { recent_calls: 3, recent_retries: 1 },
        accounts_usable: 1,
        accounts_total: 2,
        disabled: { scope: 'model', reason: 'bad answers', until, by: 'no key' },
      },
      { id: 'acme/org/small', circuit: 'open', recovery_ms: 30_000, outcome: { demoted: 'streak' }, accounts_usable: 1 },
    ])
    expect(body['providers']).toMatchObject([
      {
        id: 'acme',
        in_flight: 1,
        accounts: [
          {
            id: 'main',
            healthy: false,
            locks: [
              { scope: 'model', model: 'large', error_code: 'upstream_rate_limited', retry_after_ms: 5_000 },
              { scope: 'model', model: 'org/small', retry_after_ms: 9_000, learned: true },
            ],
          },
          { id: 'spare', healthy: true },
        ],
      },
      { id: 'open' },
    ])
    expect(body['disables']).toMatchObject([{ scope: 'model', model: 'large' }])
  })

  test('shows no key of any account', async () => {
    const gateway = operatedGateway()
    expect(JSON.stringify((await get(gateway, '/v1/health/targets')).body)).not.toContain('key-main')
  })
})

test('a gateway built without these parts says so', async () => {
  const { app } = createFixture()
  const response = await app.fetch(request('/v1/health/targets'))
  expect([response.status, ((await response.json()) as Json)['code']]).toEqual([503, 'state_unavailable'])
})
