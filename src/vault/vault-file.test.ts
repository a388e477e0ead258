import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { armor, Decrypter, Encrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption'
import { Secret } from '../lib/secret.ts'
import { changeVault, generateVaultKey, readVault, rekeyVault } from './vault-file.ts'

const CANARY = 'sk-canary-0123456789'
let folder: string
let path: string
let key: Secret

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchback-vault-'))
  path = join(folder, 'deep', 'vault.age')
  key = await generateVaultKey()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const set = (name: string, value: string): Promise<unknown> =>
  changeVault(path, key, (entries) => entries.set(name, new Secret(value)))

const shown = async (identity = key): Promise<Record<string, string>> =>
  Object.fromEntries([...(await readVault(path, identity))].map(([name, secret]) => [name, secret.reveal()]))

/** What went wrong, with everything an error shows of itself. */
async function failureOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Error)) throw new Error('nothing failed')
  return Bun.inspect(error)
}

async function encrypt(plain: string, recipient: string): Promise<Uint8Array> {
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  return encrypter.encrypt(plain)
}

describe('a vault', () => {
  test('is a standard age file of a JSON map, for its owner alone', async () => {
    await set('b', CANARY)
    await set('a', 'x')
    const bytes = readFileSync(path)
    const [first = '', stanza = ''] = bytes.toString('latin1').split('\n')
    expect(first).toBe('age-encryption.org/v1')
    expect(stanza).toStartWith('-> X25519 ')
    expect(bytes.toString('latin1')).not.toContain('canary')
    const decrypter = new Decrypter()
    decrypter.addIdentity(key.reveal())
    expect(await decrypter.decrypt(bytes, 'text')).toBe(`{"a":"x","b":"${CANARY}"}`)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(folder, 'deep')).sort()).toEqual(['vault.age', 'vault.age.lock'])
  })

  test('that is not there is empty', async () => {
    expect(await shown()).toEqual({})
  })

  test('made by the age program is read, and stays text when it was text', async () => {
    await set('old', 'x')
    writeFileSync(path, armor.encode(await encrypt('{"armored":"y"}', await identityToRecipient(key.reveal()))))
    expect(await shown()).toEqual({ armored: 'y' })
    await set('more', 'z')
    expect(readFileSync(path, 'utf8')).toStartWith('-----BEGIN AGE ENCRYPTED FILE-----\n')
    expect(await shown()).toEqual({ armored: 'y', more: 'z' })
  })

  test('can have a post-quantum key', async () => {
    key = new Secret(await generateHybridIdentity())
    await set('a', 'x')
    expect(await shown()).toEqual({ a: 'x' })
  })

  test('loses no change of several that happen at once', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => set(`key-${index}`, String(index))))
    expect(Object.keys(await shown())).toHaveLength(8)
  })

  test('keeps names that mean something to objects apart from them', async () => {
    await set('constructor', 'x')
    expect((await readVault(path, key)).get('toString')).toBeUndefined()
    expect(await shown()).toEqual({ constructor: 'x' } as never)
  })

  test('is left as it is by a change that fails', async () => {
    await set('a', 'x')
    const before = readFileSync(path)
    const failing = changeVault(path, key, () => {
      throw new RangeError('no')
    })
    expect(await failureOf(failing)).toContain('RangeError')
    expect(readFileSync(path)).toEqual(before)
  })
})

describe('nothing of a vault is shown', () => {
  test('when its key is another one', async () => {
    await set('a', CANARY)
    const other = await generateVaultKey()
    const failure = await failureOf(readVault(path, other))
    expect(failure).toContain('cannot be opened')
    expect(failure).not.toContain(other.reveal())
  })

  test('when its key is mistyped', async () => {
    await set('a', 'x')
    const typo = new Secret(`${key.reveal().slice(0, -1)}${key.reveal().endsWith('Q') ? 'P' : 'Q'}`)
    const failure = await failureOf(readVault(path, typo))
    expect(failure).toContain('checksum')
    expect(failure).not.toContain(typo.reveal())
  })

  test.each([`"${CANARY}"`, `{"a":["${CANARY}"]}`, `{"a": ${CANARY}}`, CANARY, '[]', 'null'])(
    'when what it holds is no map of texts: %s',
    async (plain) => {
      await set('a', 'x')
      writeFileSync(path, await encrypt(plain, await identityToRecipient(key.reveal())))
      const failure = await failureOf(readVault(path, key))
      expect(failure).toContain('holds no map')
      expect(failure).not.toContain('canary')
    },
  )

  test('when it is damaged', async () => {
    await set('a', CANARY)
    const bytes = readFileSync(path)
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(path, bytes)
    expect(await failureOf(readVault(path, key))).toContain('damaged')
    writeFileSync(path, Buffer.alloc(4 * 1024 * 1024 + 1))
    expect(await failureOf(readVault(path, key))).toContain('larger than 4 MiB')
    writeFileSync(path, 'age-encryption.org/v1\n')
    expect(await failureOf(set('b', 'x'))).toContain('damaged')
  })
})

describe('another key', () => {
  test('opens the vault from then on, and both until it is in its place', async () => {
    await set('a', 'x')
    const next = await generateVaultKey()
    await rekeyVault(path, key, next, async () => {
      expect(await shown(key)).toEqual({ a: 'x' })
      expect(await shown(next)).toEqual({ a: 'x' })
    })
    expect(await shown(next)).toEqual({ a: 'x' })
    expect(await failureOf(readVault(path, key))).toContain('cannot be opened')
  })

  test('that may not have got into its place takes nothing from the old one', async () => {
    await set('a', 'x')
    const next = await generateVaultKey()
    const refused = rekeyVault(path, key, next, () => Promise.reject(new RangeError('full')))
    expect(await failureOf(refused)).toContain('RangeError')
    expect([await shown(), await shown(next)]).toEqual([{ a: 'x' }, { a: 'x' }])
    const third = await generateVaultKey()
    await rekeyVault(path, key, third, () => Promise.resolve())
    expect(await failureOf(readVault(path, next))).toContain('cannot be opened')
  })
})
