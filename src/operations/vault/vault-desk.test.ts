import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Secret } from '../../lib/secret.ts'
import type { Keychain } from '../../vault/keychain.ts'
import { VaultDesk } from './vault-desk.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'switchback-desk-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function keychainInMemory() {
  const kept = new Map<string, Secret>()
  const keychain: Keychain = {
    find: (service) => Promise.resolve(kept.get(service)),
    keep: (service, key) => Promise.resolve(kept.set(service, key).has(service)),
  }
  return { kept, keychain }
}

const deskWith = (keychain: Keychain, name = 'vault.age'): VaultDesk =>
  new VaultDesk({ path: join(folder, name), keychain, keychainService: 'test', variable: undefined })

describe('a vault whose key is in the keychain', () => {
  test('is made, and gets another key; the one before is kept for backups', async () => {
    const { kept, keychain } = keychainInMemory()
    const desk = deskWith(keychain)
    expect(await desk.init()).toMatchObject({ key: { kind: 'keychain', service: 'test' } })
    expect(await desk.set('a', 'x')).toBe(false)
    expect(await desk.set('a', 'y\n')).toBe(true)
    const before = kept.get('test')?.reveal()
    await desk.rotate()
    expect(kept.get('test')?.reveal()).not.toBe(before)
    expect(kept.get('test.previous')?.reveal()).toBe(before)
    expect((await desk.get('a')).reveal()).toBe('y')
  })

  test('shares that key with a second one, which never replaces it', async () => {
    const { kept, keychain } = keychainInMemory()
    await deskWith(keychain).init()
    const before = kept.get('test')
    expect(await deskWith(keychain, 'second.age').init()).toMatchObject({ key: { kind: 'keychain' } })
    expect(kept.get('test')).toBe(before)
  })

  test('keeps its key when the keychain takes no other', async () => {
    const { kept, keychain } = keychainInMemory()
    const desk = deskWith(keychain)
    await desk.init()
    await desk.set('a', 'x')
    const stubborn = deskWith({ ...keychain, keep: () => Promise.resolve(false) })
    expect(stubborn.rotate()).rejects.toThrow('no keychain that could keep the key')
    await stubborn.list().catch(() => undefined)
    expect((await desk.get('a')).reveal()).toBe('x')
    expect(kept.size).toBe(1)
  })

  test('opens with the new key that a keychain has taken and does not tell', async () => {
    const { keychain } = keychainInMemory()
    const desk = deskWith(keychain)
    await desk.init()
    await desk.set('a', 'x')
    const silent = deskWith({ ...keychain, keep: (service, key) => keychain.keep(service, key).then(() => false) })
    expect(silent.rotate()).rejects.toThrow('no keychain that could keep the key')
    expect((await desk.get('a')).reveal()).toBe('x')
  })

  test('is not made twice, and not rotated before it is made', async () => {
    const desk = deskWith(keychainInMemory().keychain)
    expect(desk.rotate()).rejects.toThrow('There is no vault')
    await desk.init()
    expect(desk.init()).rejects.toThrow('There is a vault already')
  })
})
