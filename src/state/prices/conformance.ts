import { afterEach, describe, expect, test } from 'bun:test'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { PriceStore } from './store.ts'

/** An empty place, opened by any number of stores. */
export interface PricesUnderTest {
  readonly open: () => PriceStore
  /** Resolves when every store has had time to look for changes of others. */
  readonly look: () => Promise<void>
}

/** What a watcher has been told. */
function watched(store: PriceStore): { readonly texts: (string | undefined)[]; readonly stop: () => void } {
  const texts: (string | undefined)[] = []
  return { texts, stop: store.watch({ onChange: (text) => void texts.push(text), onUnreadable: () => undefined }) }
}

/** The laws every store of prices keeps. */
export function priceStoreConformance(name: string, fresh: () => Promise<PricesUnderTest> | PricesUnderTest): void {
  describe(`prices in ${name}`, () => {
    const opened: PriceStore[] = []
    const opener = async (): Promise<{ readonly open: () => PriceStore; readonly look: () => Promise<void> }> => {
      const place = await fresh()
      return {
        look: place.look,
        open: () => {
          const store = place.open()
          opened.push(store)
          return store
        },
      }
    }
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
    })

    test('are none at first', async () => {
      const { open } = await opener()
      expect(await open().read()).toEqual({ current: undefined, previous: undefined })
    })

    test('are there for every store once they are set, and the ones before are kept', async () => {
      const { open } = await opener()
      const [one, other] = [open(), open()]
      expect(await one.replace(() => 'first')).toBeUndefined()
      expect(await other.replace((current) => `${current} second`)).toBe('first')
      expect(await one.read()).toEqual({ current: 'first second', previous: 'first' })
    })

    test('stay as they are when the change fails', async () => {
      const { open } = await opener()
      const store = open()
      await store.replace(() => 'kept')
      const failing = store.replace(() => {
        throw new GatewayError('config_invalid', 'No such price.')
      })
      expect(failing).rejects.toThrow('No such price.')
      await failing.catch(() => undefined)
      expect(await store.read()).toEqual({ current: 'kept', previous: undefined })
    })

    test('are told to whoever follows them: at first, and each change of another store once', async () => {
      const { open, look } = await opener()
      const writer = open()
      await writer.replace(() => 'one')
      const { texts } = watched(open())
      await look()
      expect(texts).toEqual(['one'])
      await writer.replace(() => 'two')
      await look()
      await look()
      expect(texts).toEqual(['one', 'two'])
    })

    test('are not told while there are none, nor to whoever has stopped', async () => {
      const { open, look } = await opener()
      const { texts, stop } = watched(open())
      await look()
      stop()
      await open().replace(() => 'one')
      await look()
      expect(texts).toEqual([])
    })

    test('are told again to whoever could not take them', async () => {
      const { open, look } = await opener()
      const writer = open()
      await writer.replace(() => 'one')
      const texts: (string | undefined)[] = []
      open().watch({
        onChange(text) {
          texts.push(text)
          if (texts.length < 3) throw new Error('cannot be taken')
        },
        onUnreadable: () => undefined,
      })
      for (let time = 0; time < 4; time++) await look().catch(() => undefined)
      expect(texts).toEqual(['one', 'one', 'one'])
    })

    test('may hold any text', async () => {
      const { open } = await opener()
      const store = open()
      const text = `{"a": "\\u0000 'quoted' ; -- ${'ü'.repeat(10_000)}"}`
      await store.replace(() => text)
      expect((await store.read()).current).toBe(text)
    })
  })
}
