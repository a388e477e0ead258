import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import { Secret } from '../lib/secret.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { NativeLoginSettings } from './credential.types.ts'
import { NativeLogin } from './native-login.ts'

const folder = mkdtempSync(join(tmpdir(), 'native-login-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const clock = new ManualClock()
const OWNER = { provider: asProviderId('p'), account: asAccountId('mine') }
const SOON = Math.floor(clock.wall() / 1000) + 600
const jwt = (exp: number): string => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.c2ln`

let files = 0
function loginIn(content: unknown, settings: Partial<NativeLoginSettings> = {}): NativeLogin {
  const path = join(folder, `${files++}.json`)
  if (content !== undefined) writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return new NativeLogin(OWNER, { kind: 'codex_oauth', path, pointer: '/tokens/access_token', ...settings }, clock)
}

const CLAUDE = { kind: 'claude_code_oauth', pointer: '/claudeAiOauth/accessToken' } as const

describe('the login of another program', () => {
  test('of Codex is read from its file, with the account it is for and the end that the token tells', async () => {
    const token = jwt(SOON)
    const found = await loginIn({ tokens: { access_token: token, account_id: 'acc-1' } }).obtain()
    expect(found).toMatchObject({ expiresAt: SOON * 1000, headers: { 'chatgpt-account-id': 'acc-1' } })
    expect(found.secret.reveal()).toBe(token)
  })

  test('of Claude Code is read from its file, with the end that the file tells and the header without which it is no login', async () => {
    const file = { claudeAiOauth: { accessToken: 'sk-ant-oat', expiresAt: SOON * 1000 } }
    const found = await loginIn(file, CLAUDE).obtain()
    expect(found).toMatchObject({ expiresAt: SOON * 1000, headers: { 'anthropic-beta': 'oauth-2025-04-20' } })
    expect(found.secret.reveal()).toBe('sk-ant-oat')
  })

  test('of the environment goes before the file', async () => {
    const found = await loginIn(undefined, { ...CLAUDE, token: new Secret('from-env') }).obtain()
    expect(found.secret.reveal()).toBe('from-env')
    expect(found.expiresAt).toBeUndefined()
  })

  test.each<[string, unknown, string, Partial<NativeLoginSettings>]>([
    ['is missing', undefined, 'does not exist. Log in with "codex login"', {}],
    ['is cut', '{"tokens":', 'cannot be read', {}],
    ['is something else', { tokens: [] }, 'holds no token at /tokens/access_token', {}],
    ['holds something that no header carries', { tokens: { access_token: 'zq7\nsecret' } }, 'holds no token', {}],
    ['names a member of every object', {}, 'holds no token', { pointer: '/constructor/name' }],
    ['is of another program', { claudeAiOauth: {} }, 'Log in with "claude"', CLAUDE],
  ])('whose file %s is told with what to do', async (_what, content, message, settings) => {
    const failure: unknown = await loginIn(content, settings)
      .obtain()
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'credential_unavailable', provider: 'p' })
    expect((failure as Error).message).toContain('account mine of provider p')
    expect((failure as Error).message).toContain(message)
    expect((failure as Error).message).not.toContain('zq7')
  })

  test.each([
    ['the token tells', { tokens: { access_token: jwt(SOON - 601) } }, {}],
    ['the file tells', { claudeAiOauth: { accessToken: 'x', expiresAt: clock.wall() } }, CLAUDE],
  ])('that has ended, as %s, wants its program to be started', async (_what, content, settings) => {
    const failure: unknown = await loginIn(content, settings)
      .obtain()
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'credential_rejected', message: expect.stringContaining('Start "') })
  })
})
