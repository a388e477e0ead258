import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import type { AuthScheme } from '../transport/auth-scheme.ts'
import { createMemoryLogins } from '../state/logins/memory.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { createCredentials } from './credentials.ts'
import type { Credential } from './credential.types.ts'

const folder = mkdtempSync(join(tmpdir(), 'key-file-'))
const path = join(folder, 'key')
afterEach(() => rmSync(path, { force: true }))

const REQUEST = { url: 'http://upstream.test/v1?a=b', method: 'POST', headers: { accept: 'x' }, body: '{}' }

const clock = new ManualClock()
const transport = { send: () => Promise.reject(new Error('nothing is sent')) }
const credentialOf = createCredentials({ transport, clock, logins: createMemoryLogins(), run: async () => '' })

const keyFile = (scheme: AuthScheme = { kind: 'bearer' }): Credential =>
  credentialOf({ provider: asProviderId('p'), account: asAccountId('a'), settings: { kind: 'key_file', path }, scheme })

const { signal } = new AbortController()
const authorized = async (credential: Credential) => credential.authorize(REQUEST, signal)

test.each<[AuthScheme, string, Record<string, string>]>([
  [{ kind: 'bearer' }, REQUEST.url, { accept: 'x', authorization: 'Bearer first' }],
  [{ kind: 'header', name: 'X-Api-Key' }, REQUEST.url, { accept: 'x', 'x-api-key': 'first' }],
  [{ kind: 'query', name: 'key' }, `${REQUEST.url}&key=first`, { accept: 'x' }],
])('attaches the key as %j says', async (scheme, url, headers) => {
  writeFileSync(path, 'first\n')
  expect(await authorized(keyFile(scheme))).toEqual({ ...REQUEST, url, headers })
})

test('another key in the file is used from then on, and a request refused with the old one is worth another try', async () => {
  writeFileSync(path, 'first')
  const credential = keyFile()
  const refused = await authorized(credential)
  expect(await credential.renew?.(refused, signal)).toBe(false)
  writeFileSync(path, 'another')
  expect(await credential.renew?.(refused, signal)).toBe(true)
  expect((await authorized(credential)).headers['authorization']).toBe('Bearer another')
  expect(credential.secrets().map((secret) => secret.reveal())).toEqual(['another', 'first'])
})

test('a key in the address is another one when the file has another one', async () => {
  writeFileSync(path, 'first')
  const credential = keyFile({ kind: 'query', name: 'key' })
  const refused = await authorized(credential)
  expect(await credential.renew?.(refused, signal)).toBe(false)
  writeFileSync(path, 'another')
  expect(await credential.renew?.(refused, signal)).toBe(true)
})

test.each([
  ['does not exist', undefined],
  ['holds no key', ''],
  ['holds no key', 'two words'],
  ['holds no key', 'line\nbreak'],
])('a file that %s says so and shows nothing of itself', async (why, content) => {
  if (content !== undefined) writeFileSync(path, content)
  const failure = await authorized(keyFile()).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'credential_unavailable', provider: 'p' })
  expect((failure as Error).message).toContain(`account a of provider p ${why}`)
  if (content !== undefined && content !== '') expect((failure as Error).message).not.toContain(content)
})
