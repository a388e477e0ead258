import { afterEach, describe, expect, test } from 'bun:test'
import { TestWorld, type TestGateway } from '../support/gateway-fixture.ts'

type Json = Record<string, unknown>

const world = new TestWorld()
afterEach(() => world.closeAll())

const KEY = 'boss-key-0123456789'
const ADMIN = {
  api_keys: [{ prefix: 'boss', key_hash: `sha256:${new Bun.CryptoHasher('sha256').update(KEY).digest('hex')}`, role: 'admin' }],
}
const OWN = {
  ...ADMIN,
  providers: [{ id: 'own', type: 'mock' }],
  routes: [{ name: 'r', match: { model: 'm' }, targets: ['own/echo'] }],
}
const document = (provider: string, more = ''): string =>
  `# For all.\napi_keys: ${JSON.stringify(ADMIN.api_keys)}\nproviders: [{ id: ${provider}, type: mock }]\nroutes: [{ name: r, match: { model: m }, targets: [${provider}/echo] }]\n${more}`

/** The provider that serves, and the revision that the answer names. */
async function served(gateway: TestGateway, key = KEY): Promise<[string | null, string | null]> {
  const headers = { authorization: `Bearer ${key}` }
  const answer = await gateway.post(
    '/v1/chat/completions',
    { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
    { headers },
  )
  await answer.text()
  return [
    answer.headers.get('x-switchback-route')?.match(/served=([^/]+)/)?.[1] ?? null,
    answer.headers.get('x-switchback-revision'),
  ]
}

async function asked({ url }: TestGateway, path: string, body?: unknown, key = KEY): Promise<{ status: number; body: Json }> {
  const answer = await fetch(`${url}${path}`, {
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: (await answer.json()) as Json }
}

describe('a published configuration', () => {
  test('is served by at once, outlives the gateway, and gives way to its own again when it is withdrawn', async () => {
    const dataDir = world.folder()
    const first = await world.gateway(OWN, { dataDir })
    expect(await served(first)).toEqual(['own', '1'])
    const published = await asked(first, '/v1/revisions', { document: document('shared'), note: 'for all' })
    expect(published).toMatchObject({
      status: 200,
      body: { ok: true, revision: 2, dry_run: false, replicas: [{ revision: 2, current: true }] },
    })
    expect(await served(first)).toEqual(['shared', '2'])
    await first.close()

    const second = await world.gateway(OWN, { dataDir })
    expect(await served(second)).toEqual(['shared', '2'])
    expect((await asked(second, '/v1/revisions')).body).toMatchObject({
      in_force: 2,
      published: { revision: 2, by: 'boss', note: 'for all' },
      revisions: [
        { revision: 2, source: 'published', whole: true },
        { revision: 1, source: 'object', whole: true },
      ],
    })
    expect((await asked(second, '/v1/revisions/2')).body).toMatchObject({ document: document('shared') })
    expect(await asked(second, '/v1/revisions/withdraw', {})).toMatchObject({ status: 200, body: { ok: true, before: 2 } })
    expect(await served(second)).toEqual(['own', '1'])
  })

  test('can be gone back to, and is then the revision that it was', async () => {
    const gateway = await world.gateway(OWN, { dataDir: world.folder() })
    for (const provider of ['a', 'b']) await asked(gateway, '/v1/revisions', { document: document(provider) })
    expect(await served(gateway)).toEqual(['b', '3'])
    expect((await asked(gateway, '/v1/revisions/2/publish', { note: 'b was wrong' })).body).toMatchObject({
      revision: 2,
      before: 3,
    })
    expect(await served(gateway)).toEqual(['a', '2'])
    const { publications } = (await asked(gateway, '/v1/revisions')).body as { publications: Json[] }
    expect(publications.map(({ revision, note }) => [revision, note])).toEqual([
      [2, 'b was wrong'],
      [3, undefined],
      [2, undefined],
    ])
    const audit = (await asked(gateway, '/v1/audit?action=config.publish')).body as { entries: Json[] }
    expect(audit.entries.map(({ subject }) => (subject as Json)['id'])).toEqual(['2', '3', '2'])
  })

  test('comes with its policy tests, which have to pass', async () => {
    const gateway = await world.gateway(OWN, { dataDir: world.folder() })
    const order = (expected: string): Json => ({
      document: document('shared', 'policy_tests: [policies.yaml]\n'),
      policy_files: {
        'policies.yaml': `tests:\n  - name: m is shared\n    request: { model: m }\n    expect: { selected: ${expected} }\n`,
      },
    })
    const refused = await asked(gateway, '/v1/revisions', order('other/echo'))
    expect(refused).toMatchObject({ status: 422, body: { error: { code: 'revision_refused' } } })
    expect(JSON.stringify(refused.body)).toContain('m is shared: expect.selected is other/echo')
    const { document: alone } = order('x')
    expect(await asked(gateway, '/v1/revisions', { document: alone })).toMatchObject({ status: 422 })
    expect(await served(gateway)).toEqual(['own', '1'])
    expect(await asked(gateway, '/v1/revisions', order('shared/echo'))).toMatchObject({ status: 200 })
    expect(await served(gateway)).toEqual(['shared', '2'])
  })

  test('is looked at only, when that is what was asked for', async () => {
    const gateway = await world.gateway(OWN, { dataDir: world.folder() })
    const { status, body } = await asked(gateway, '/v1/revisions', { document: document('shared'), dry_run: true })
    expect([status, body['dry_run'], body['revision']]).toEqual([200, true, undefined])
    expect(await served(gateway)).toEqual(['own', '1'])
    expect((await asked(gateway, '/v1/revisions')).body['revisions']).toHaveLength(1)
  })

  test('replaces nothing but what whoever publishes believes to be in force', async () => {
    const gateway = await world.gateway(OWN, { dataDir: world.folder() })
    const publish = async (provider: string, if_revision: unknown): Promise<number> =>
      (await asked(gateway, '/v1/revisions', { document: document(provider), if_revision })).status
    expect(await publish('a', 7)).toBe(409)
    expect(await publish('a', 'none')).toBe(200)
    expect(await publish('b', 'none')).toBe(409)
    expect((await asked(gateway, '/v1/revisions')).body['revisions']).toHaveLength(2)
    expect(await served(gateway)).toEqual(['a', '2'])
  })

  test('holds no secret in plain', async () => {
    const gateway = await world.gateway(OWN, { dataDir: world.folder() })
    const key = 'sk-proj-aB3dE5fG7hI9jK1lM3nO5pQ7'
    const secret = `providers:\n  - id: a\n    type: openai\n    api_key: ${key}\n`
    const { status, body } = await asked(gateway, '/v1/revisions', { document: secret })
    expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining('line 4: providers[0].api_key') as string])
    expect(JSON.stringify(body)).not.toContain(key)
  })

  test.each<[string, Json, string]>([
    ['nothing', {}, 'document'],
    ['no text', { document: 7 }, 'document'],
    ['an unknown field', { document: '', notes: 'x' }, 'notes'],
    ['files that are no texts', { document: '', policy_files: { a: 1 } }, 'policy_files'],
    ['a revision that is none', { document: '', if_revision: -1 }, 'if_revision'],
    ['a note of several lines', { document: '', note: 'a\nb' }, 'note'],
  ])('is refused with the field that is wrong: %s', async (_what, body, param) => {
    const gateway = await world.gateway(OWN, { dataDir: world.folder() })
    expect(await asked(gateway, '/v1/revisions', body)).toMatchObject({ status: 400, body: { error: { param } } })
  })

  test.each(['providers: [', 'a: &a [*a]', '{"providers": 7}', 'providers: [{ id: a, type: mokc }]', '- 1', 'sever: {}'])(
    'that is none is refused with its problems: %s',
    async (text) => {
      const gateway = await world.gateway(OWN, { dataDir: world.folder() })
      const { status, body } = await asked(gateway, '/v1/revisions', { document: text, file: 'mine.yaml' })
      expect([status, (body['error'] as Json)['code']]).toEqual([422, 'revision_refused'])
      expect(JSON.stringify(body)).toContain('mine.yaml:')
      expect((await asked(gateway, '/v1/revisions')).body['revisions']).toHaveLength(1)
    },
  )

  test('is not taken by a gateway that keeps nothing', async () => {
    const gateway = await world.gateway(OWN)
    expect(await asked(gateway, '/v1/revisions', { document: document('a') })).toMatchObject({ status: 422 })
    expect(await served(gateway)).toEqual(['own', '1'])
  })

  test.each(['0', '99', '-1', 'x', '1e3', '1%2F2'])('of no number that there is, is not found: %s', async (id) => {
    const gateway = await world.gateway(OWN, { dataDir: world.folder() })
    expect((await asked(gateway, `/v1/revisions/${id}`)).status).toBe(404)
    expect((await asked(gateway, `/v1/revisions/${id}/publish`, {})).status).toBe(404)
  })
})

describe('publishing over HTTP', () => {
  test('is for nobody where a gateway asks for no key', async () => {
    const gateway = await world.gateway({ providers: OWN.providers }, { dataDir: world.folder() })
    for (const [path, body] of [
      ['/v1/revisions', { document: document('a') }],
      ['/v1/revisions/1/publish', {}],
      ['/v1/revisions/withdraw', {}],
    ] as const)
      expect(await asked(gateway, path, body)).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } })
    expect((await asked(gateway, '/v1/revisions')).status).toBe(200)
  })

  test('reads no file of the machine', async () => {
    const gateway = await world.gateway(OWN, { dataDir: world.folder() })
    const order = { document: document('a', 'policy_tests: [/etc/passwd]\n') }
    const { status, body } = await asked(gateway, '/v1/revisions', order)
    expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining('did not come along') as string])
    expect(JSON.stringify(body)).not.toContain('root:')
  })
})

describe('the history of a configuration', () => {
  test('gives the same number to the same configuration, after a start and a change, and never one twice', async () => {
    const dataDir = world.folder()
    const numbers: (string | null)[] = []
    for (const provider of ['a', 'b', 'a', 'c', 'b']) {
      const gateway = await world.gateway(
        { ...ADMIN, providers: [{ id: provider, type: 'mock' }], routes: [{ ...OWN.routes[0], targets: [`${provider}/echo`] }] },
        { dataDir },
      )
      numbers.push((await served(gateway))[1])
      await gateway.close()
    }
    expect(numbers).toEqual(['1', '2', '1', '3', '2'])
  })

  test('keeps bodies without secrets, and puts those that had some in force no more', async () => {
    const dataDir = world.folder()
    const key = 'sk-proj-aB3dE5fG7hI9jK1lM3nO5pQ7'
    const gateway = await world.gateway({ ...OWN, api_keys: [{ key, role: 'admin', prefix: 'other' }] }, { dataDir })
    const shown = await asked(gateway, '/v1/revisions/1', undefined, key)
    expect(shown.body).toMatchObject({ whole: false, document: expect.stringContaining('[redacted]') as string })
    expect(JSON.stringify(shown)).not.toContain(key)
    expect(await asked(gateway, '/v1/revisions/1/publish', {}, key)).toMatchObject({
      status: 422,
      body: { error: { message: expect.stringContaining('held secrets in plain') as string } },
    })
  })
})
