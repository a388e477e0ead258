import { afterEach, describe, expect, test } from 'bun:test'
import type { IssuedKeyEntity, Owner, Project, Tenant, TenancyEntity, TenancyStore } from './store.ts'

const created = { at: 1_700_000_000_000, by: 'admin' }

export const aTenant = (id: string, part: Partial<Tenant> = {}): Tenant => ({ kind: 'tenant', id, version: 1, created, ...part })
const aProject = (tenant: string, name: string): Project => ({
  kind: 'project',
  id: `${tenant}/${name}`,
  tenant,
  version: 1,
  created,
})
export const anOwner = (id: string, part: Partial<Owner> = {}): Owner => ({ kind: 'owner', id, version: 1, created, ...part })
export const aKey = (id: string, part: Partial<IssuedKeyEntity> = {}): IssuedKeyEntity => ({
  kind: 'key',
  id,
  version: 1,
  created,
  owner: 'alice',
  role: 'client',
  secret: { sha256: 'ab'.repeat(32), since: created.at },
  ...part,
})

/** The laws every store of tenants, projects, owners and keys keeps. `open` gives an empty one. */
export function tenancyStoreConformance(name: string, open: () => TenancyStore | Promise<TenancyStore>): void {
  describe(`tenancy in ${name}`, () => {
    const opened: TenancyStore[] = []
    const fresh = async (): Promise<TenancyStore> => {
      const store = await open()
      opened.push(store)
      return store
    }
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
    })
    describe('what is kept', () => keepingLaws(fresh))
    describe('lists', () => listLaws(fresh))
    describe('the feed of changes', () => feedLaws(fresh))
  })
}

type Fresh = () => Promise<TenancyStore>

const EVERYTHING: IssuedKeyEntity = aKey('sbk_1', {
  name: 'laptop',
  tenant: 'acme',
  project: 'web',
  allowed: { models: ['gpt-*'], accounts: ['openai/main'], routes: [] },
  limits: { rpm: 5, budget: { usd: 1.5 } },
  expiresAt: 1_800_000_000_000,
  previous: { sha256: 'cd'.repeat(32), since: 1, validUntil: 2 },
  invitation: { sha256: 'ef'.repeat(32), since: 3, validUntil: 4 },
  disabled: { at: 5, by: 'someone', reason: 'why', drain: true },
  revoked: { at: 6, by: 'other' },
})

function keepingLaws(fresh: Fresh): void {
  test('comes back as it was given, and nothing else does', async () => {
    const store = await fresh()
    expect(await store.insert(EVERYTHING)).toBe(true)
    expect(await store.get('key', 'sbk_1')).toEqual(EVERYTHING)
    expect(await store.get('key', 'sbk_2')).toBeUndefined()
    expect(await store.get('owner', 'sbk_1')).toBeUndefined()
  })

  test('is not what the caller holds: changing that changes nothing here', async () => {
    const store = await fresh()
    const limits = { rpm: 5 }
    await store.insert(aTenant('acme', { limits }))
    limits.rpm = 500
    expect((await store.get('tenant', 'acme'))?.limits).toEqual({ rpm: 5 })
  })

  test('an id is taken once a kind', async () => {
    const store = await fresh()
    expect(await store.insert(anOwner('acme'))).toBe(true)
    expect(await store.insert(aTenant('acme'))).toBe(true)
    expect(await store.insert(aTenant('acme', { name: 'other' }))).toBe(false)
    expect((await store.get('tenant', 'acme'))?.name).toBeUndefined()
  })

  test('a change is of the latest version, or it is none', async () => {
    const store = await fresh()
    await store.insert(aTenant('acme'))
    expect(await store.replace(aTenant('acme', { version: 2, name: 'first' }))).toBe(true)
    expect(await store.replace(aTenant('acme', { version: 2, name: 'late' }))).toBe(false)
    expect(await store.replace(aTenant('acme', { version: 4, name: 'early' }))).toBe(false)
    expect(await store.replace(aTenant('nobody', { version: 2 }))).toBe(false)
    expect(await store.get('tenant', 'acme')).toMatchObject({ version: 2, name: 'first' })
  })

  test('of changes made at once exactly one is kept', async () => {
    const store = await fresh()
    await store.insert(aTenant('acme'))
    const names = Array.from({ length: 20 }, (_unused, index) => `n${index}`)
    const kept = await Promise.all(names.map((name) => store.replace(aTenant('acme', { version: 2, name }))))
    expect(kept.filter(Boolean)).toHaveLength(1)
    expect((await store.get('tenant', 'acme'))?.name).toBe(names[kept.indexOf(true)])
  })
}

function listLaws(fresh: Fresh): void {
  test('are of one kind, by id, and filtered by tenant and owner', async () => {
    const store = await fresh()
    const all = [
      aTenant('acme'),
      aTenant('zeta'),
      aProject('acme', 'web'),
      aProject('zeta', 'web'),
      anOwner('alice', { tenant: 'acme' }),
      anOwner('bob'),
      aKey('sbk_c', { tenant: 'acme' }),
      aKey('sbk_a', { owner: 'bob', tenant: 'acme' }),
      aKey('sbk_b'),
    ]
    for (const entity of all) await store.insert(entity)
    const ids = async (...asked: Parameters<TenancyStore['list']>): Promise<string[]> =>
      (await store.list(...asked)).map(({ id }) => id)
    expect(await ids('tenant')).toEqual(['acme', 'zeta'])
    expect(await ids('tenant', { tenant: 'zeta' })).toEqual(['zeta'])
    expect(await ids('project', { tenant: 'acme' })).toEqual(['acme/web'])
    expect(await ids('owner', { tenant: 'acme' })).toEqual(['alice'])
    expect(await ids('owner', { owner: 'bob' })).toEqual(['bob'])
    expect(await ids('key')).toEqual(['sbk_a', 'sbk_b', 'sbk_c'])
    expect(await ids('key', { tenant: 'acme' })).toEqual(['sbk_a', 'sbk_c'])
    expect(await ids('key', { tenant: 'acme', owner: 'alice' })).toEqual(['sbk_c'])
    expect(await ids('key', { owner: 'nobody' })).toEqual([])
  })

  test('come in pages that leave out nothing', async () => {
    const store = await fresh()
    const ids = Array.from({ length: 25 }, (_unused, index) => `sbk_${String(index).padStart(3, '0')}`)
    for (const id of ids.toReversed()) await store.insert(aKey(id))
    const seen: string[] = []
    for (let after: string | undefined; ;) {
      const page = await store.list('key', { limit: 10, after })
      seen.push(...page.map(({ id }) => id))
      after = page.at(-1)?.id
      if (page.length < 10) break
    }
    expect(seen).toEqual(ids)
    expect(await store.list('key', { limit: 0 })).toHaveLength(1)
  })

  test('for mirrors hold everything of a kind', async () => {
    const store = await fresh()
    for (let index = 0; index < 1_050; index++) await store.insert(aKey(`sbk_${String(index).padStart(5, '0')}`))
    await store.insert(anOwner('alice'))
    const seen: string[] = []
    for await (const page of store.pages('key')) seen.push(...page.map(({ id }) => id))
    expect([seen.length, new Set(seen).size]).toEqual([1_050, 1_050])
  })
}

function feedLaws(fresh: Fresh): void {
  test('tells of what was kept, in order, and of nothing that was not', async () => {
    const store = await fresh()
    const told: TenancyEntity[] = []
    const stop = store.watch((change) => told.push(change))
    await store.insert(anOwner('alice'))
    await store.insert(anOwner('alice', { name: 'again' }))
    await store.replace(anOwner('alice', { version: 2, name: 'Alice' }))
    await store.replace(anOwner('alice', { version: 2, name: 'late' }))
    const expected: TenancyEntity[] = [anOwner('alice'), anOwner('alice', { version: 2, name: 'Alice' })]
    expect(told).toEqual(expected)
    stop()
    await store.insert(anOwner('bob'))
    expect(told).toHaveLength(2)
  })

  test('tells everybody who listens', async () => {
    const store = await fresh()
    let count = 0
    const listener = (): void => void count++
    const stop = store.watch(listener)
    store.watch(listener)
    await store.insert(anOwner('alice'))
    expect(count).toBe(2)
    stop()
    await store.insert(anOwner('bob'))
    expect(count).toBe(3)
  })
}
