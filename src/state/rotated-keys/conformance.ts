import { describe, expect, test } from 'bun:test'
import type { RotatedKeyStore, SealedKey } from './store.ts'

const key = (provider: string, account: string, sealed = 'AAAA'): SealedKey => ({
  provider,
  account,
  sealed,
  at: 1_700_000_000_000,
})

/** The laws every store of rotated keys keeps. */
export function rotatedKeyStoreConformance(name: string, open: () => RotatedKeyStore): void {
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

/** What a store that several gateways share keeps as well. `place` gives stores of one place: each as another gateway would open it. */
export function sharedRotatedKeyConformance(name: string, place: () => { readonly open: () => RotatedKeyStore }): void {
  describe(`rotated keys in ${name}, shared`, () => {
    test('are told of when another gateway puts one', async () => {
      const { open } = place()
      const [watching, other] = [open(), open()]
      const known = new Promise<readonly SealedKey[]>((resolve) => {
        watching.watch(async () => {
          const all = await watching.list()
          if (all.length > 0) resolve(all)
        })
      })
      await other.put(key('p', 'a'))
      expect(await known).toEqual([key('p', 'a')])
    }, 15_000)

    test('a listener that fails is asked again, until it has taken them over', async () => {
      const { open } = place()
      const [watching, other] = [open(), open()]
      await other.put(key('p', 'a'))
      let asked = 0
      const listener = (resolve: (keys: readonly SealedKey[]) => void) => async (): Promise<void> => {
        asked += 1
        if (asked < 3) throw new Error('the reader is away')
        resolve(await watching.list())
      }
      expect(await new Promise<readonly SealedKey[]>((resolve) => watching.watch(listener(resolve)))).toEqual([key('p', 'a')])
      expect(asked).toBe(3)
    }, 15_000)
  })
}
