import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Principal } from '../../ir/principal.ts'
import { hashOfIssuedKey, newIssuedKey, newKeyId } from '../../lib/issued-key.ts'
import { aKey, anOwner, aTenant } from './conformance.ts'
import { KeyDirectory, type EndedCalls } from './key-directory.ts'
import { createMemoryTenancy } from './memory.ts'
import type { IssuedKeyEntity, TenancyStore } from './store.ts'

const NOW = 1_700_000_000_000
const nowhere = (): undefined => undefined

interface World {
  readonly directory: KeyDirectory
  readonly store: TenancyStore
  readonly ended: EndedCalls[]
  time: number
  /** Who comes with the key, or the code of the refusal. */
  readonly outcome: (key: string) => string
}

async function newWorld(store = createMemoryTenancy()): Promise<World> {
  const ended: EndedCalls[] = []
  const world = { time: NOW, ended, store } as World & { directory: KeyDirectory }
  const directory = new KeyDirectory({
    clock: { wall: () => world.time },
    onEnded: (end) => ended.push(end),
  })
  await directory.follow(store)
  return Object.assign(world, {
    directory,
    outcome(key: string): string {
      const found = directory.find(key, nowhere)
      return found instanceof GatewayError ? found.code : (found.owner ?? '')
    },
  })
}

function newKey(part: Partial<IssuedKeyEntity> = {}): { readonly text: string; readonly entity: IssuedKeyEntity } {
  const id = newKeyId(randomBytes)
  const text = newIssuedKey('key', id, randomBytes)
  return { text, entity: aKey(id, { secret: { sha256: hashOfIssuedKey(text), since: NOW }, ...part }) }
}

const next = (entity: IssuedKeyEntity, part: Partial<IssuedKeyEntity>): IssuedKeyEntity => ({
  ...entity,
  ...part,
  version: entity.version + 1,
})

describe('an issued key', () => {
  test('admits as soon as it is kept, with everything it was issued with', async () => {
    const { directory, store, outcome } = await newWorld()
    const { text, entity } = newKey({
      tenant: 'acme',
      project: 'web',
      role: 'operator',
      allowed: { models: ['m'], accounts: [] },
    })
    expect(outcome(text)).toBe('invalid_api_key')
    await store.insert(entity)
    const principal = directory.find(text, nowhere)
    expect(principal).toEqual({
      role: 'operator',
      keyId: entity.id as never,
      tenant: 'acme' as never,
      project: 'web',
      owner: 'alice',
      allowed: { models: ['m'], accounts: [] },
    })
    expect(directory.find(text, nowhere)).toBe(principal)
  })

  test('is there after a restart', async () => {
    const store = createMemoryTenancy()
    const { text, entity } = newKey()
    await store.insert(entity)
    expect((await newWorld(store)).outcome(text)).toBe('alice')
  })

  test('with another secret, or of an id that nobody has, is unknown', async () => {
    const { store, outcome } = await newWorld()
    const { entity } = newKey()
    await store.insert(entity)
    expect(outcome(newIssuedKey('key', entity.id, randomBytes))).toBe('invalid_api_key')
    expect(outcome(newKey().text)).toBe('invalid_api_key')
  })

  test('that is cut off is told from one that is unknown, and an invitation from both', async () => {
    const { store, outcome, directory } = await newWorld()
    const { text, entity } = newKey()
    await store.insert(entity)
    expect(outcome(text.slice(0, -1))).toBe('api_key_mistyped')
    expect(outcome(`${text.slice(0, 20)}x${text.slice(21)}`)).toBe('api_key_mistyped')
    const invitation = directory.find(newIssuedKey('invitation', entity.id, randomBytes), nowhere)
    expect(invitation).toMatchObject({ code: 'invalid_api_key', message: expect.stringContaining('invitation') })
  })

  test('expires to the millisecond, also when it was used just before', async () => {
    const world = await newWorld()
    const { text, entity } = newKey({ expiresAt: NOW + 1_000 })
    await world.store.insert(entity)
    world.time += 999
    expect(world.outcome(text)).toBe('alice')
    world.time += 1
    expect(world.outcome(text)).toBe('api_key_expired')
  })

  test('that was rotated admits with both secrets for the time given, as one caller', async () => {
    const world = await newWorld()
    const { text, entity } = newKey()
    await world.store.insert(entity)
    const later = newIssuedKey('key', entity.id, randomBytes)
    const previous = { ...entity.secret!, validUntil: NOW + 500 }
    await world.store.replace(next(entity, { secret: { sha256: hashOfIssuedKey(later), since: NOW }, previous }))
    expect([world.outcome(text), world.outcome(later)]).toEqual(['alice', 'alice'])
    expect(world.directory.find(text, nowhere)).toBe(world.directory.find(later, nowhere))
    world.time += 500
    expect([world.outcome(text), world.outcome(later)]).toEqual(['api_key_expired', 'alice'])
    expect((world.directory.find(text, nowhere) as Error).message).toContain('has a new secret')
  })

  test('waits for its invitation without admitting anybody', async () => {
    const { store, outcome } = await newWorld()
    const { text, entity } = newKey({ secret: undefined })
    await store.insert(entity)
    expect(outcome(text)).toBe('invalid_api_key')
  })
})

describe('an end', () => {
  test('holds at once, says why, and tells which calls have to end', async () => {
    const { directory, store, outcome, ended } = await newWorld()
    const { text, entity } = newKey()
    await store.insert(entity)
    const principal = directory.find(text, nowhere) as Principal
    await store.replace(next(entity, { revoked: { at: NOW, by: 'admin', reason: 'leaked' } }))
    expect(outcome(text)).toBe('api_key_revoked')
    expect((directory.find(text, nowhere) as Error).message).toContain('leaked')
    expect(ended).toHaveLength(1)
    expect(ended[0]?.admitted).toEqual([principal])
    expect(ended[0]?.concerns(principal)).toBe(true)
    expect(ended[0]?.concerns({ ...principal, keyId: newKeyId(randomBytes) as never })).toBe(false)
    expect(ended[0]?.error.code).toBe('api_key_revoked')
  })

  test('that spares running calls tells of none', async () => {
    const { store, outcome, ended } = await newWorld()
    const { text, entity } = newKey()
    await store.insert(entity)
    await store.replace(next(entity, { revoked: { at: NOW, by: 'admin', drain: true } }))
    expect([outcome(text), ended.length]).toEqual(['api_key_revoked', 0])
  })

  test('of a key that is only disabled can be taken back', async () => {
    const { store, outcome } = await newWorld()
    const { text, entity } = newKey()
    await store.insert(entity)
    const disabled = next(entity, { disabled: { at: NOW, by: 'admin' } })
    await store.replace(disabled)
    expect(outcome(text)).toBe('api_key_disabled')
    await store.replace(next(disabled, { disabled: undefined }))
    expect(outcome(text)).toBe('alice')
  })

  test.each([
    ['owner', anOwner('alice')],
    ['tenant', aTenant('acme')],
    ['project', { kind: 'project', id: 'acme/web', tenant: 'acme', version: 1, created: { at: NOW, by: 'admin' } }],
  ] as const)('of its %s is an end of the key, and of nobody else', async (kind, group) => {
    const { directory, store, outcome, ended } = await newWorld()
    const { text, entity } = newKey({ tenant: 'acme', project: 'web' })
    const other = newKey({ owner: 'bob', tenant: 'zeta', project: 'web' })
    for (const each of [group, entity, other.entity]) await store.insert(each)
    expect([outcome(text), outcome(other.text)]).toEqual(['alice', 'bob'])
    await store.replace({ ...group, version: 2, disabled: { at: NOW, by: 'admin', reason: 'left' } })
    expect([outcome(text), outcome(other.text)]).toEqual(['api_key_disabled', 'bob'])
    expect((directory.find(text, nowhere) as Error).message).toContain(`The ${kind} ${group.id} is out of use`)
    expect(ended[0]?.concerns(directory.find(other.text, nowhere) as Principal)).toBe(false)
    await store.replace({ ...group, version: 3 })
    expect(outcome(text)).toBe('alice')
  })

  test('of a tenant is an end of configured keys of it too, but for those of admins', async () => {
    const { directory, store, ended } = await newWorld()
    const configured = (role: 'client' | 'admin'): Principal => ({ role, keyId: 'ci' as never, tenant: 'acme' as never })
    await store.insert(aTenant('acme'))
    expect(directory.refusalOfGroups(configured('client'))).toBeUndefined()
    await store.replace(aTenant('acme', { version: 2, disabled: { at: NOW, by: 'admin' } }))
    expect(directory.refusalOfGroups(configured('client'))?.code).toBe('api_key_disabled')
    expect(directory.refusalOfGroups({ role: 'client' })).toBeUndefined()
    expect([ended[0]?.concerns(configured('client')), ended[0]?.concerns(configured('admin'))]).toEqual([true, false])
    await store.replace(aTenant('acme', { version: 3 }))
    expect(directory.refusalOfGroups(configured('client'))).toBeUndefined()
  })
})

describe('the directory', () => {
  test('never goes back to an older version, however late it is read', async () => {
    const store = createMemoryTenancy()
    const { text, entity } = newKey()
    await store.insert(entity)
    const directory = new KeyDirectory({ clock: { wall: () => NOW } })
    const slow: TenancyStore = {
      ...store,
      async *pages(kind) {
        for await (const page of store.pages(kind)) {
          // Revoked after the page was read, before it is taken over.
          if (kind === 'key') await store.replace(next(entity, { revoked: { at: NOW, by: 'admin' } }))
          yield page
        }
      },
    }
    await directory.follow(slow)
    expect(directory.find(text, nowhere)).toMatchObject({ code: 'api_key_revoked' })
  })

  test('says that it is starting as long as it has not read the keys', () => {
    const directory = new KeyDirectory({ clock: { wall: () => NOW } })
    expect(directory.find(newKey().text, nowhere)).toMatchObject({ code: 'state_unavailable', retryAfterMs: 1_000 })
  })

  test('knows where a key was used from, looking once a minute', async () => {
    const world = await newWorld()
    const { text, entity } = newKey()
    await world.store.insert(entity)
    expect(world.directory.useOf(entity.id)).toBeUndefined()
    let asked = 0
    const from = (address: string) => (): string => {
      asked++
      return address
    }
    for (let count = 0; count < 100; count++) world.directory.find(text, from('10.0.0.1'))
    expect(asked).toBe(1)
    world.time += 60_000
    world.directory.find(text, from('10.0.0.2'))
    expect(world.directory.useOf(entity.id)).toEqual([
      { address: '10.0.0.2', firstSeen: NOW + 60_000, lastSeen: NOW + 60_000 },
      { address: '10.0.0.1', firstSeen: NOW, lastSeen: NOW },
    ])
  })

  test('hands out the limits of keys and of what they belong to', async () => {
    const { directory, store } = await newWorld()
    const { entity } = newKey({ limits: { rpm: 1 } })
    await store.insert(entity)
    await store.insert(anOwner('alice', { limits: { rpm: 2 } }))
    expect(directory.limitsOf('key', entity.id)).toEqual({ rpm: 1 })
    expect(directory.limitsOf('owner', 'alice')).toEqual({ rpm: 2 })
    expect(directory.limitsOf('tenant', 'acme')).toBeUndefined()
  })
})
