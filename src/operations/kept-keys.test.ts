import { describe, expect, test } from 'bun:test'
import { compiledConfig } from '../../test/support/gateway-fixture.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import type { ChangeListener } from '../lib/change-watch.ts'
import { Secret } from '../lib/secret.ts'
import type { RotatedKeyStore, SealedKey } from '../state/rotated-keys/store.ts'
import { KeptKeys } from './kept-keys.ts'
import type { RotatedKey } from './rotated-keys.ts'

const KEY = 'AGE-SECRET-KEY-1QQQQQQQQ'
const rotated = (account: string, key = 'zq7-new'): RotatedKey => ({
  provider: asProviderId('p'),
  account: asAccountId(account),
  key: new Secret(key),
  replaces: ['f'],
})

/** A store in memory, whose rows tests can see and spoil. */
function rowsInMemory() {
  const rows: SealedKey[] = []
  let listener: ChangeListener | undefined
  const store: RotatedKeyStore = {
    list: async () => [...rows],
    put: async (key) => {
      rows.push(key)
      await listener?.()
    },
    watch: (told) => void (listener = told),
    close: async () => undefined,
  }
  return { rows, store }
}

function keptKeys(store: RotatedKeyStore, vaultKey: () => Promise<Secret | undefined>) {
  const used: RotatedKey[] = []
  const warnings: string[] = []
  const kept = new KeptKeys({
    store,
    live: {
      config: compiledConfig({ providers: [{ id: 'mock', type: 'mock' }] }),
      pooled: [],
      useKeys: (keys) => void used.push(...keys),
    },
    accounts: { configure: () => undefined },
    vaultKey,
    clock: { wall: () => 5.5 },
    warn: (message) => void warnings.push(message),
  })
  return { kept, used, warnings }
}

const withKey =
  (text = KEY) =>
  () =>
    Promise.resolve(new Secret(text))
const withoutKey = (): Promise<undefined> => Promise.resolve(undefined)

describe('kept keys', () => {
  test('are sealed in the store, and used by whoever has the key of the vault, at the start and when they come', async () => {
    const { rows, store } = rowsInMemory()
    const keep = await keptKeys(store, withKey()).kept.keeper()
    await keep?.(rotated('a'))
    expect(JSON.stringify(rows)).not.toContain('zq7')
    expect(Buffer.from(rows[0]?.sealed ?? '', 'base64').toString('latin1')).not.toContain('zq7')
    const other = keptKeys(store, withKey())
    await other.kept.follow()
    expect(other.used.map(({ account, key, replaces }) => [account, key.reveal(), replaces])).toEqual([
      [asAccountId('a'), 'zq7-new', ['f']],
    ])
    await keep?.(rotated('b'))
    await Bun.sleep(0)
    expect(other.used.map(({ account }) => String(account))).toEqual(['a', 'a', 'b'])
    expect(other.warnings).toEqual([])
  })

  test.each([
    ['no vault key', withoutKey],
    ['another vault key', withKey('AGE-SECRET-KEY-1PPPPPPPP')],
  ])('are left alone with %s, which is told once', async (_what, vaultKey) => {
    const { store } = rowsInMemory()
    const keep = await keptKeys(store, withKey()).kept.keeper()
    await keep?.(rotated('a'))
    const { kept, used, warnings } = keptKeys(store, vaultKey)
    await kept.follow()
    await kept.follow()
    expect(used).toEqual([])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/A rotated key of accounts cannot be opened.*SWITCHBACK_VAULT_KEY/)
  })

  test('cannot be kept without a vault key; a malformed one is told and keeps nothing from starting', async () => {
    const { store } = rowsInMemory()
    expect(await keptKeys(store, withoutKey).kept.keeper()).toBeUndefined()
    await (
      await keptKeys(store, withKey()).kept.keeper()
    )?.(rotated('a'))
    const malformed = keptKeys(store, () => Promise.reject(new GatewayError('config_invalid', 'no secret key of age')))
    await malformed.kept.follow()
    expect(malformed.warnings[0]).toBe('no secret key of age')
  })

  test('that cannot be read when they are told of are asked for again by the store, which is told so', async () => {
    const { store } = rowsInMemory()
    let listener: ChangeListener | undefined
    let isAway = false
    const watched: RotatedKeyStore = {
      ...store,
      list: () => (isAway ? Promise.reject(new Error('away')) : store.list()),
      watch: (told) => void (listener = told),
    }
    const { kept, used } = keptKeys(watched, withKey())
    await kept.follow()
    await (
      await keptKeys(store, withKey()).kept.keeper()
    )?.(rotated('a'))
    isAway = true
    expect(await Promise.resolve(listener?.()).catch(String)).toBe('Error: away')
    isAway = false
    await listener?.()
    expect(used).toHaveLength(1)
  })

  test('that somebody moved to another account, damaged or made up are not used', async () => {
    const { rows, store } = rowsInMemory()
    await (
      await keptKeys(store, withKey()).kept.keeper()
    )?.(rotated('a'))
    const [row] = rows
    if (row === undefined) throw new Error('nothing was kept')
    rows.splice(0, 1, { ...row, account: 'b' }, { ...row, sealed: `A${row.sealed.slice(1)}` }, { ...row, sealed: 'none' })
    const { kept, used, warnings } = keptKeys(store, withKey())
    await kept.follow()
    expect(used).toEqual([])
    expect(warnings[0]).toContain('3 rotated keys')
  })
})
