import { describe, expect, test } from 'bun:test'
import type { RotatedKeyStore, SealedKey } from './store.ts'

/** The laws every store of rotated keys keeps. */
export function rotatedKeyStoreConformance(name: string, open: () => RotatedKeyStore): void {
  const key = (provider: string, account: string, sealed = 'AAAA'): SealedKey => ({
    provider,
    account,
    sealed,
    at: 1_700_000_000_000,
  })

  describe(`rotated keys in ${name}`, () => {
    test('are none at first', async () => {
      expect(await open().list()).toEqual([])
    })

    test('come back as they were put, by provider and account', async () => {
      const store = open()
      const keys = [key('Z', 'a'), key('b', "it's; --"), key('b', 'ä/%', 'x'.repeat(40_000)), key('c', 'a')]
      for (const one of keys.toReversed()) await store.put(one)
      expect(await store.list()).toEqual(keys)
    })

    test('are one an account: the last that was put', async () => {
      const store = open()
      await store.put(key('p', 'a', 'old'))
      await store.put({ ...key('p', 'a', 'new'), at: 1 })
      await store.put(key('p', 'b', 'other'))
      expect(await store.list()).toEqual([{ ...key('p', 'a', 'new'), at: 1 }, key('p', 'b', 'other')])
    })
  })
}
