import { describe, expect, test } from 'bun:test'
import { Secret } from '../lib/secret.ts'
import { systemKeychain, type RunKeychainTool } from './keychain.ts'
import { findVaultKey, requireVaultKey } from './vault-key.ts'

const KEY = 'AGE-SECRET-KEY-1QQQQQQQQ'

/** The programs of an operating system, in memory, and what they were called with. */
function programs() {
  const calls: { program: string; words: readonly string[]; input: string | undefined }[] = []
  let kept = ''
  const run: RunKeychainTool = (program, words, _timeout, input) => {
    calls.push({ program, words, input })
    if (input === undefined) return Promise.resolve(kept === '' ? '' : `${kept}\n`)
    kept = /AGE-SECRET-KEY-[0-9A-Z-]+/.exec(input)?.[0] ?? ''
    return Promise.resolve('')
  }
  return { calls, run }
}

describe.each(['darwin', 'linux'] as const)('the keychain of %s', (platform) => {
  test('keeps a key, which never stands in the arguments of a program', async () => {
    const { calls, run } = programs()
    const keychain = systemKeychain(platform, run)
    expect(await keychain.find('mine')).toBeUndefined()
    expect(await keychain.keep('mine', new Secret(KEY))).toBe(true)
    expect((await keychain.find('mine'))?.reveal()).toBe(KEY)
    expect(calls.flatMap(({ words }) => words).join(' ')).not.toContain('AGE-SECRET')
    expect(calls.every(({ words, input }) => [...words, input].join(' ').includes('mine'))).toBe(true)
  })

  test('says so when its program keeps nothing', async () => {
    const keychain = systemKeychain(platform, () => Promise.resolve(''))
    expect(await keychain.keep('mine', new Secret(KEY))).toBe(false)
  })
})

test('a system without such a program has no keychain', async () => {
  const keychain = systemKeychain('freebsd', () => Promise.reject(new TypeError('nothing to run')))
  expect(await keychain.find('mine')).toBeUndefined()
  expect(await keychain.keep('mine', new Secret(KEY))).toBe(false)
})

describe('the key of a vault', () => {
  const withKept = (text: string | undefined) => ({
    find: () => Promise.resolve(text === undefined ? undefined : new Secret(text)),
    keep: () => Promise.resolve(false),
  })

  test('comes from the variable, whose value may be a whole key file, before the keychain', async () => {
    const places = { variable: `# public key: age1x\n${KEY}\n`, keychain: withKept('AGE-SECRET-KEY-1OTHER'), service: 's' }
    expect(await requireVaultKey(places)).toEqual({ identity: new Secret(KEY), source: 'variable' })
    expect(await requireVaultKey({ ...places, variable: undefined })).toMatchObject({ source: 'keychain' })
  })

  test('that is nowhere is told with what to do', async () => {
    const places = { variable: undefined, keychain: withKept(undefined), service: 's' }
    expect(await findVaultKey(places)).toBeUndefined()
    expect(requireVaultKey(places)).rejects.toThrow('SWITCHBACK_VAULT_KEY is not set')
  })

  test.each(['hunter2-canary', `${KEY}\n${KEY}`, 'age1canary', '', 'AGE-SECRET-KEY-1canary'])(
    'that is malformed is refused and not shown: %j',
    async (variable) => {
      const refusal = await findVaultKey({ variable, keychain: withKept(undefined), service: 's' }).catch(String)
      expect(refusal).toContain('SWITCHBACK_VAULT_KEY is no secret key of age')
      expect(refusal).not.toMatch(/canary|QQQ/)
    },
  )
})
