import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { JsonObject } from '../../ir/json.ts'
import { parseIssuedKey } from '../../lib/issued-key.ts'
import { createMemoryAudit } from '../../state/audit/memory.ts'
import { exampleParty, exampleSettlement } from '../../state/ledger/conformance.ts'
import { createMemoryLedger } from '../../state/ledger/memory.ts'
import { createMemoryTenancy } from '../../state/tenancy/memory.ts'
import type { TenancyStore } from '../../state/tenancy/store.ts'
import type { Origin } from '../audited.ts'
import { redeemInvitation } from './key-redeem.ts'
import type { TenancyParts } from './tenancy-parts.ts'
import { runTenancyOrder, type TenancyOrder } from './tenancy-order.ts'
import type { KeyView } from './tenancy-views.ts'
import { whoAmI } from './who-am-i.ts'

const NOW = 1_700_000_000_000
const ADMIN: Origin = { actor: { kind: 'key', id: 'boss', role: 'admin' }, source: { via: 'http', address: '10.0.0.1' } }

interface World {
  readonly parts: TenancyParts & { readonly store: TenancyStore }
  readonly move: (ms: number) => void
  readonly run: (order: TenancyOrder, seen?: string) => Promise<JsonObject>
  /** Makes a key of alice, with further fields. */
  readonly create: (body?: JsonObject) => Promise<{ readonly key: KeyView; readonly secret: string; readonly invitation: string }>
  /** Actions in the audit, oldest first. */
  readonly audited: () => Promise<string[]>
}

function newWorld(more: Partial<TenancyParts> = {}): World {
  let time = NOW
  const audit = createMemoryAudit()
  const parts: World['parts'] = {
    store: createMemoryTenancy(),
    audit,
    clock: { wall: () => time },
    random: randomBytes,
    known: () => ({
      providers: ['openai', 'acme'],
      accounts: ['openai/main', 'acme/spare'],
      routes: ['fast'],
      tenants: ['declared'],
    }),
    ...more,
  }
  const run: World['run'] = (order, seen) => runTenancyOrder(parts, ADMIN, order, seen)
  return {
    parts,
    run,
    move: (ms) => void (time += ms),
    create: async (body = {}) => (await run({ kind: 'key', action: 'create', body: { owner: 'alice', ...body } })) as never,
    audited: async () => (await audit.list({ limit: 1_000 })).map(({ action, outcome }) => `${action} ${outcome}`).reverse(),
  }
}

/** Code and message of a refusal. */
async function refused(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return error instanceof GatewayError
    ? `${error.code} ${error.param ?? ''}: ${error.message}`
    : `nothing was refused: ${String(error)}`
}

describe('a new key', () => {
  test('is shown once, and what is kept of it cannot show it', async () => {
    const { create, parts, audited } = newWorld()
    const { key, secret } = await create({ name: 'laptop', role: 'operator', expires: '30d' })
    expect(parseIssuedKey(secret)).toEqual({ kind: 'key', id: key.id })
    expect(key).toMatchObject({
      owner: 'alice',
      name: 'laptop',
      role: 'operator',
      state: 'active',
      expires_at: NOW + 30 * 86_400_000,
    })
    const kept = JSON.stringify(await parts.store.get('key', key.id))
    expect(kept).not.toContain(secret.slice(key.id.length))
    expect(await audited()).toEqual(['owner.create done', 'key.create done'])
  })

  test('is a client that may use everything and never ends, unless it is said', async () => {
    const { key } = await newWorld().create()
    expect(key).toMatchObject({ role: 'client', allowed: undefined, expires_at: undefined })
  })

  test('belongs to the tenant of its owner, to one that was made, or to one that the configuration declares', async () => {
    const { create, run } = newWorld()
    await run({ kind: 'tenant', action: 'create', body: { id: 'acme' } })
    await run({ kind: 'project', action: 'create', body: { id: 'web', tenant: 'acme' } })
    expect((await create({ tenant: 'acme', project: 'web' })).key).toMatchObject({ tenant: 'acme', project: 'web' })
    expect((await create()).key.tenant).toBe('acme')
    expect((await create({ owner: 'robert', tenant: 'declared' })).key.tenant).toBe('declared')
  })

  test.each<[JsonObject, string]>([
    [{ owner: undefined }, 'invalid_body owner: Name the owner'],
    [{ owner: 'a/b' }, 'invalid_body owner'],
    [{ owner: 'alcie' }, 'Did you mean alice?'],
    [{ role: 'root' }, 'invalid_body role'],
    [{ tenant: 'nowhere' }, 'tenancy_not_found tenant'],
    [{ project: 'web' }, 'invalid_body project'],
    [{ tenant: 'declared', project: 'web' }, 'tenancy_not_found project'],
    [{ allowed: { providers: ['opnai'] } }, 'Did you mean openai?'],
    [{ allowed: { accounts: ['openai/spare'] } }, 'invalid_body allowed'],
    [{ allowed: { routes: ['slow'] } }, 'invalid_body allowed'],
    [{ allowed: { modells: [] } }, 'Did you mean models?'],
    [{ allowed: { models: 'all' } }, 'must be a list of names'],
    [{ expires: '30' }, 'invalid_body expires'],
    [{ expires: 'yesterday' }, 'invalid_body expires'],
    [{ expires: '2020-01-01' }, 'lies in the past'],
    [{ expires: 1e300 }, 'invalid_body expires'],
    [{ name: 'a\nb' }, 'line breaks'],
    [{ name: 'x'.repeat(201) }, '201 characters'],
    [{ invite_expires: '1d' }, 'invalid_body invite_expires'],
    [{ limits: { rpm: 5 } }, 'enforces no limits'],
    [{ limit: { rpm: 5 } }, 'Did you mean limits?'],
    [{ budget_usd: 5 }, '`budget_usd` is unknown'],
  ])('with %j is refused, and nothing is kept or noted', async (body, message) => {
    const { run, create, parts, audited } = newWorld()
    await create()
    const before = await audited()
    expect(await refused(run({ kind: 'key', action: 'create', body: { owner: 'alice', ...body } }))).toContain(message)
    expect(await parts.store.list('key')).toHaveLength(1)
    expect(await audited()).toEqual(before)
  })

  test('keeps and echoes what whoever enforces limits makes of them', async () => {
    const { create, parts, run } = newWorld({ readLimits: (value, kind) => ({ read: value, kind }) })
    const { key } = await create({ limits: { rpm: 5 } })
    expect(key.limits).toEqual({ read: { rpm: 5 }, kind: 'key' })
    expect((await parts.store.get('key', key.id))?.limits).toEqual({ read: { rpm: 5 }, kind: 'key' })
    await run({ kind: 'owner', action: 'change', id: 'alice', body: { limits: { rpm: 9 } } })
    expect((await parts.store.get('owner', 'alice'))?.limits).toEqual({ read: { rpm: 9 }, kind: 'owner' })
    await run({ kind: 'key', action: 'change', id: key.id, body: { limits: null } })
    expect((await parts.store.get('key', key.id))?.limits).toBeUndefined()
  })

  test('is not made when it cannot be audited', async () => {
    const { create, parts } = newWorld({
      audit: { append: () => Promise.reject(new GatewayError('state_unavailable', 'no audit')) },
    })
    expect(await refused(create())).toContain('no audit')
    expect(await parts.store.list('key')).toEqual([])
    expect(await parts.store.list('owner')).toEqual([])
  })

  test('whose making fails is audited as failed', async () => {
    const store = createMemoryTenancy()
    const { create, audited } = newWorld({
      store: { ...store, insert: () => Promise.reject(new GatewayError('state_unavailable', 'disk full')) },
    })
    expect(await refused(create())).toContain('disk full')
    expect(await audited()).toEqual(['owner.create done', 'owner.create failed'])
  })
})

describe('a key that is there', () => {
  test('changes in what is given, keeps the rest, and loses what is null', async () => {
    const { create, run } = newWorld()
    const { key } = await create({ name: 'laptop', expires: '1d', allowed: { models: ['m'], providers: ['openai'] } })
    const { key: changed } = await run({
      kind: 'key',
      action: 'change',
      id: key.id,
      body: { allowed: { models: ['n'] }, expires: null },
    })
    expect(changed).toMatchObject({ name: 'laptop', allowed: { models: ['n'] }, expires_at: undefined })
    expect((changed as KeyView).allowed?.providers).toBeUndefined()
    expect(await refused(run({ kind: 'key', action: 'change', id: key.id, body: {} }))).toContain('Say what is to change')
    expect(await refused(run({ kind: 'key', action: 'change', id: key.id, body: { owner: 'bob' } }))).toContain('unknown here')
  })

  test('gets a new secret, and the one before goes with its grace', async () => {
    const { create, run, parts, move } = newWorld()
    const { key, secret } = await create()
    move(1_000)
    const rotated = await run({ kind: 'key', action: 'rotate', id: key.id, body: { grace: '1h' } })
    expect(parseIssuedKey(rotated['secret'] as string)?.id).toBe(key.id)
    expect(rotated['secret']).not.toBe(secret)
    expect(rotated['key']).toMatchObject({ rotated_at: NOW + 1_000, previous_valid_until: NOW + 1_000 + 3_600_000 })
    const { key: again } = await run({ kind: 'key', action: 'rotate', id: key.id, body: { grace: '0' } })
    expect(again).toMatchObject({ previous_valid_until: undefined })
    expect((await parts.store.get('key', key.id))?.previous).toBeUndefined()
    for (const grace of ['1', 'soon', -1, '91d'])
      expect(await refused(run({ kind: 'key', action: 'rotate', id: key.id, body: { grace } }))).toContain('invalid_body grace')
  })

  test('is revoked for good, once', async () => {
    const { create, run, audited } = newWorld()
    const { key } = await create()
    const revoke = (reason: string) => run({ kind: 'key', action: 'revoke', id: key.id, body: { reason } })
    expect(await revoke('leaked')).toMatchObject({
      changed: true,
      key: { state: 'revoked', revoked: { by: 'boss', reason: 'leaked' } },
    })
    expect(await revoke('again')).toMatchObject({ changed: false, key: { revoked: { reason: 'leaked' } } })
    for (const action of ['enable', 'disable', 'rotate'] as const)
      expect(await refused(run({ kind: 'key', action, id: key.id, body: {} }))).toContain('that is for good')
    expect((await audited()).filter((action) => action.startsWith('key.revoke'))).toEqual(['key.revoke done'])
  })

  test('is changed by two at once without losing either', async () => {
    const { create, run, parts } = newWorld()
    const { key } = await create()
    await Promise.all([
      run({ kind: 'key', action: 'change', id: key.id, body: { name: 'new' } }),
      run({ kind: 'key', action: 'disable', id: key.id, body: {} }),
      run({ kind: 'key', action: 'rotate', id: key.id, body: {} }),
    ])
    expect(await parts.store.get('key', key.id)).toMatchObject({
      version: 4,
      name: 'new',
      disabled: { by: 'boss' },
      previous: {},
    })
  })

  test('that is not there is told', async () => {
    const { run } = newWorld()
    for (const action of ['rotate', 'revoke', 'disable', 'enable'] as const)
      expect(await refused(run({ kind: 'key', action, id: 'sbk_0', body: {} }))).toContain('tenancy_not_found')
  })
})

describe('an invitation', () => {
  const redeem = (world: World, invitation: string) => redeemInvitation(world.parts, ADMIN, { invitation })

  test('fetches the key once, in the name of its owner', async () => {
    const world = newWorld()
    const { key, invitation, secret } = await world.create({ invite: true })
    expect([secret, key.state]).toEqual([undefined as never, 'invited'])
    const fetched = await redeem(world, invitation)
    expect(fetched.key).toMatchObject({ id: key.id, state: 'active' })
    expect(parseIssuedKey(fetched.secret)).toEqual({ kind: 'key', id: key.id })
    expect(await refused(redeem(world, invitation))).toContain('invalid_api_key')
    expect(await world.audited()).toContain('key.redeem done')
  })

  test('is taken by one of many who try at once', async () => {
    const world = newWorld()
    const { invitation } = await world.create({ invite: true })
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => redeem(world, invitation)))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('ends with its time, with its key, and when it is mistyped', async () => {
    const world = newWorld()
    const late = await world.create({ invite: true, invite_expires: '1h' })
    const revoked = await world.create({ invite: true })
    await world.run({ kind: 'key', action: 'revoke', id: revoked.key.id, body: {} })
    expect(await refused(redeem(world, revoked.invitation))).toContain('invalid_api_key')
    expect(await refused(redeem(world, late.invitation.slice(1)))).toContain('api_key_mistyped')
    expect(await refused(world.run({ kind: 'key', action: 'rotate', id: late.key.id, body: {} }))).toContain(
      'waits for its invitation',
    )
    world.move(3_600_000)
    expect(await refused(redeem(world, late.invitation))).toContain('invalid_api_key')
  })
})

describe('tenants, projects and owners', () => {
  test('have one name each, and come in pages', async () => {
    const { run } = newWorld()
    for (const id of ['acme', 'zeta']) await run({ kind: 'tenant', action: 'create', body: { id } })
    expect(await refused(run({ kind: 'tenant', action: 'create', body: { id: 'acme' } }))).toContain('tenancy_conflict')
    const first = await run({ kind: 'tenant', action: 'list', filter: { limit: 1 } })
    expect(first).toMatchObject({ tenants: [{ id: 'acme' }], next_after: 'acme' })
    const rest = await run({ kind: 'tenant', action: 'list', filter: { after: 'acme' } })
    expect(rest['tenants']).toMatchObject([{ id: 'zeta' }, { id: 'declared', declared: true }])
  })

  test('that the configuration declares can be disabled like others', async () => {
    const { run } = newWorld()
    expect(await run({ kind: 'tenant', action: 'disable', id: 'declared', body: { reason: 'unpaid' } })).toMatchObject({
      tenant: { id: 'declared', state: 'disabled', disabled: { reason: 'unpaid', by: 'boss' } },
      changed: true,
    })
    expect(await run({ kind: 'tenant', action: 'enable', id: 'declared', body: {} })).toMatchObject({
      tenant: { state: 'active' },
    })
  })

  test('are shown to an operator of one tenant as far as they are its own', async () => {
    const { run, create } = newWorld()
    for (const id of ['acme', 'zeta']) await run({ kind: 'tenant', action: 'create', body: { id } })
    const mine = await create({ tenant: 'acme' })
    const other = await create({ owner: 'robert', tenant: 'zeta' })
    expect((await run({ kind: 'key', action: 'list', filter: { tenant: 'zeta' } }, 'acme'))['keys']).toMatchObject([
      { id: mine.key.id },
    ])
    expect((await run({ kind: 'tenant', action: 'list', filter: {} }, 'acme'))['tenants']).toMatchObject([{ id: 'acme' }])
    expect(await run({ kind: 'key', action: 'show', id: mine.key.id }, 'acme')).toMatchObject({ key: { id: mine.key.id } })
    expect(await refused(run({ kind: 'key', action: 'show', id: other.key.id }, 'acme'))).toContain('tenancy_not_found')
    expect(await refused(run({ kind: 'tenant', action: 'show', id: 'zeta' }, 'acme'))).toContain('tenancy_not_found')
  })
})

describe('inspecting a key', () => {
  test('knows whose it is from the whole key, and which of its secrets was found', async () => {
    const { run, create } = newWorld()
    const { key, secret } = await create()
    const inspect = (text: string) => run({ kind: 'key', action: 'inspect', body: { key: text } })
    expect(await inspect(`"${secret}"\r\n`)).toMatchObject({ key: { id: key.id }, shown: 'present', owner: { id: 'alice' } })
    await run({ kind: 'key', action: 'rotate', id: key.id, body: {} })
    expect(await inspect(secret)).toMatchObject({ shown: 'previous' })
    await run({ kind: 'key', action: 'rotate', id: key.id, body: {} })
    expect(await inspect(secret)).toMatchObject({ shown: 'other' })
    expect(await inspect(key.id)).toMatchObject({ shown: undefined })
    expect(await refused(inspect(secret.slice(0, -2)))).toContain('invalid_body')
    expect(await refused(inspect('sk-ant-1'))).toContain('those begin with sbk_')
  })

  test('sums up its calls of the last day, and takes in what others report', async () => {
    const record = (at: number, model: string, more: JsonObject = {}) => ({
      started_at: at,
      requested_model: model,
      usage: { inputTokens: 10, outputTokens: 1 },
      decision: { inputs: { client: 'codex' } },
      ...more,
    })
    const filters: unknown[] = []
    const ledger = createMemoryLedger()
    const { run, create } = newWorld({
      records: {
        async *scan(filter) {
          filters.push(filter)
          yield* [
            record(NOW, 'm', { session_id: 'talk' }),
            record(NOW - 1, 'm', { session_id: 'talk' }),
            record(NOW - 7_200_000, 'n', { error_code: 'forbidden' }),
          ] as never[]
        },
      },
      useOf: () => [{ address: '10.0.0.9', firstSeen: 1, lastSeen: 2 }],
      ledger,
      reports: [
        { field: 'spend', report: ({ keyId }) => ({ of: keyId ?? '' }) },
        { field: 'limits', report: () => Promise.reject(new Error('down')) },
        { field: 'nothing', report: () => undefined },
      ],
    })
    const { key } = await create()
    const hour = Math.floor(NOW / 3_600_000) * 3_600_000
    const spend = (id: string, at: number, nanos: number | undefined, by = key.id) =>
      exampleSettlement(id, { at, nanos, party: { ...exampleParty, key: by } })
    await ledger.write([
      spend('req_a.0', NOW - 25 * 3_600_000, 9),
      spend('req_b.0', hour, 1_500_000_000),
      spend('req_c.0', NOW, undefined),
      spend('req_d.0', hour - 1, 2),
      spend('req_e.0', NOW, 7, 'sbk_other0000000'),
    ])
    const told = await run({ kind: 'key', action: 'show', id: key.id })
    expect(told['spent_by_hour']).toEqual([
      { from: hour - 3_600_000, requests: 1, cost_nanos: 2, cost_usd: '0.000000002', unknown_cost: 0 },
      { from: hour, requests: 2, cost_nanos: 1_500_000_000, cost_usd: '1.5', unknown_cost: 1 },
    ])
    expect(told).toMatchObject({
      sources: [{ address: '10.0.0.9', first_seen: 1, last_seen: 2 }],
      spend: { of: key.id },
      unavailable: ['limits'],
      use: {
        requests: 3,
        errors: 1,
        last_used_at: NOW,
        models: [
          { name: 'm', requests: 2 },
          { name: 'n', requests: 1 },
        ],
        agents: [{ name: 'codex', requests: 3 }],
        sessions: [{ name: 'talk', requests: 2 }],
      },
    })
    expect((told['use'] as { hours: { requests: number }[] }).hours.map(({ requests }) => requests)).toEqual([1, 2])
    expect(filters).toMatchObject([{ apiKeyId: key.id }])
    expect('nothing' in told).toBe(false)
  })
})

test('a caller is told who it is, with what others report, and not who issued its key', async () => {
  const { create, parts } = newWorld({ reports: [{ field: 'limits', report: () => ({ rpm: { left: 4, resets_at: NOW } }) }] })
  const { key } = await create({ name: 'laptop' })
  const me = await whoAmI(parts, { role: 'client', keyId: key.id as never, owner: 'alice', allowed: { models: ['m'] } })
  expect(me).toMatchObject({
    role: 'client',
    owner: 'alice',
    allowed: { models: ['m'] },
    key: { id: key.id, name: 'laptop', state: 'active' },
    limits: { rpm: { left: 4, resets_at: NOW } },
  })
  expect(JSON.stringify(me)).not.toContain('boss')
  expect(await whoAmI(parts, { role: 'admin' })).toMatchObject({ role: 'admin', key: undefined })
})
