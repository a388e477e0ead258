import { afterEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { previousOf, PRICE_FILE, readPriceFile, replacePriceFile } from './price-file.ts'
import { watchTextFile } from '../../lib/watch-text-file.ts'

const folders: string[] = []
const newPath = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-prices-'))
  folders.push(folder)
  return join(folder, 'data', PRICE_FILE)
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

describe('the price file', () => {
  test('is nothing before it is written', () => {
    expect(readPriceFile(newPath())).toBeUndefined()
  })

  test('is created with its folder, for its owner only, and leaves nothing else behind', () => {
    const path = newPath()
    replacePriceFile(path, 'one')
    expect(readPriceFile(path)).toBe('one')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(path, '..'))).toEqual([PRICE_FILE])
  })

  test('keeps what stood there before', () => {
    const path = newPath()
    for (const text of ['one', 'two', 'three']) replacePriceFile(path, text)
    expect([readPriceFile(path), readFileSync(previousOf(path), 'utf8')]).toEqual(['three', 'two'])
  })

  test('stands untouched when it cannot be replaced', () => {
    const path = newPath()
    replacePriceFile(path, 'one')
    mkdirSync(previousOf(path))
    expect(() => replacePriceFile(path, 'two')).toThrow(GatewayError)
    expect(readPriceFile(path)).toBe('one')
    expect(readdirSync(join(path, '..')).sort()).toEqual([PRICE_FILE, `${PRICE_FILE}.previous`])
  })

  test('that cannot be read is an error, not an empty one', () => {
    const path = newPath()
    mkdirSync(path, { recursive: true })
    expect(() => readPriceFile(path)).toThrow(/cannot be read/)
  })
})

describe('a watched price file', () => {
  const watched = (path: string) => {
    const clock = new ManualClock()
    const texts: (string | undefined)[] = []
    const complaints: string[] = []
    const stop = watchTextFile({
      path,
      clock,
      onChange: (text) => void texts.push(text),
      onUnreadable: (reason) => void complaints.push(reason),
    })
    return { clock, texts, complaints, stop }
  }
  const look = (clock: ManualClock): Promise<void> => clock.advance(3_000)

  test('is read at once, and again only after it has changed', async () => {
    const path = newPath()
    replacePriceFile(path, 'one')
    const { clock, texts } = watched(path)
    expect(texts).toEqual(['one'])
    await look(clock)
    expect(texts).toEqual(['one'])
    replacePriceFile(path, 'two')
    await look(clock)
    expect(texts).toEqual(['one', 'two'])
  })

  test('may come and go', async () => {
    const path = newPath()
    const { clock, texts, complaints } = watched(path)
    expect(texts).toEqual([])
    replacePriceFile(path, 'one')
    await look(clock)
    rmSync(path)
    await look(clock)
    await look(clock)
    expect({ texts, complaints }).toEqual({ texts: ['one', undefined], complaints: [] })
  })

  test('is seen changed in place, with the same size', async () => {
    const path = newPath()
    replacePriceFile(path, 'one')
    const { clock, texts } = watched(path)
    writeFileSync(path, 'two')
    utimesSync(path, new Date(), new Date(Date.now() + 5_000))
    await look(clock)
    expect(texts).toEqual(['one', 'two'])
  })

  test('that cannot be read is told once, until the reason is another', async () => {
    const path = newPath()
    mkdirSync(path, { recursive: true })
    const { clock, texts, complaints } = watched(path)
    await look(clock)
    await look(clock)
    expect(texts).toEqual([])
    expect(complaints).toHaveLength(1)
  })

  test('is left alone after the end of the watch', async () => {
    const path = newPath()
    const { clock, texts, stop } = watched(path)
    stop()
    replacePriceFile(path, 'one')
    await look(clock)
    expect(texts).toEqual([])
    expect(clock.pending).toBe(0)
  })
})
