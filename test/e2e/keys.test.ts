import { afterEach, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine, type Finished } from '../support/command-line.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo()
})

const CONFIG = { providers: [{ id: 'mock', type: 'mock' }], api_keys: [{ key: 'boss-key', role: 'admin', prefix: 'boss' }] }

function newHome(variables: Record<string, string> = {}, config: object = CONFIG): CommandLine {
  const home = new CommandLine({ USER: 'dora', SWITCHBACK_API_KEY: 'boss-key', ...variables })
  cleanUp.push(() => home.dispose())
  writeFileSync(join(home.home, 'switchback.yaml'), JSON.stringify(config))
  return home
}

const parsed = ({ stdout }: Finished): Record<string, unknown> => JSON.parse(stdout) as Record<string, unknown>
const chat = (url: string, key: string): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'mock/echo', messages: [{ role: 'user', content: 'hi' }] }),
  })

describe('with no gateway running', () => {
  test('a key is issued into the files, its secret alone on stdout, and the next gateway admits it', async () => {
    const home = newHome()
    await home.run(['tenant', 'create', 'acme'])
    await home.run(['project', 'create', 'acme/web'])
    const created = await home.run([
      'key',
      'create',
      '--owner',
      'alice',
      '--tenant',
      'acme',
      '--project',
      'web',
      '--expires',
      '90d',
    ])
    expect(created.exitCode).toBe(0)
    expect(created.stdout).toMatch(/^sbk_[0-9a-z]{12}_[0-9A-Za-z]{38}\n$/)
    expect(created.stderr).toContain('The owner alice is new.')
    expect(created.stderr).toContain('only its hash is kept')
    const secret = created.stdout.trim()
    const list = await home.run(['key', 'list'])
    expect(list.stdout).toMatch(/^KEY +OWNER +TENANT .*\nsbk_\w+ +alice +acme\/web +client +active +in 12w\dd /m)
    expect(list.stdout).not.toContain(secret)
    const served = await home.serve()
    expect((await chat(served.url, secret)).status).toBe(200)
  })

  test('mistakes are told with what to write instead, and change nothing', async () => {
    const home = newHome()
    await home.run(['key', 'create', '--owner', 'alice'])
    const cases: [string[], number, string][] = [
      [['key', 'create'], 2, '--owner'],
      [['key', 'create', '--owner', 'alcie'], 1, 'Did you mean alice?'],
      [['key', 'create', '--owner', 'alice', '--tenant', 'acme'], 1, 'switchback tenant create acme'],
      [['key', 'create', '--owner', 'alice', '--providers', 'mcok'], 2, 'Did you mean mock?'],
      [['key', 'create', '--owner', 'alice', '--limits', '{"rpm"'], 2, 'JSON object'],
      [['key', 'create', '--owner', 'alice', '--limits', '{"nonsense": 1}'], 2, 'limits'],
      [['key', 'create', '--owner', 'alice', '--limits', '{"budget":{"monthly_usd":1e999}}'], 2, 'too large'],
      [['key', 'revoke', 'sbk_000000000000'], 1, 'switchback key list'],
      [['key', 'inspect', 'sbk_0'], 2, 'cut off or mistyped'],
      [['project', 'create', 'web'], 2, 'belongs to a tenant'],
      [['key', 'redeem', 'sbi_x'], 2, '--url'],
      [['audit', '--since', '5'], 2, '5m'],
    ]
    for (const [words, exitCode, hint] of cases) {
      const result = await home.run(words)
      expect([words, result.exitCode, result.stdout]).toEqual([words, exitCode, ''])
      expect(result.stderr).toContain(hint)
    }
    expect(parsed(await home.run(['key', 'list', '--json']))['keys']).toHaveLength(1)
  })

  test('state that is kept in memory only cannot be changed from outside', async () => {
    const home = newHome({}, { ...CONFIG, state: { store: 'memory' } })
    const result = await home.run(['key', 'create', '--owner', 'alice', '--json'])
    expect(result.exitCode).toBe(1)
    expect(parsed(result)).toMatchObject({
      ok: false,
      error: { code: 'state_unavailable', message: expect.stringContaining('--url') },
    })
  })
})

describe('with a gateway running', () => {
  test('keys are issued, rotated, inspected and revoked in it, at once', async () => {
    const home = newHome()
    await home.run(['price', 'set', 'mock/echo', '--input', '1000', '--output', '1000'])
    const { url } = await home.serve()
    const terms = ['--models', 'mock/*', '--limits', '{"budget":{"daily_usd":5000}}']
    const secret = (await home.run(['key', 'create', '--owner', 'alice', ...terms])).stdout.trim()
    const id = secret.slice(0, 16)
    expect((await chat(url, secret)).status).toBe(200)
    const rotated = (await home.run(['key', 'rotate', id, '--grace', '1h'])).stdout.trim()
    expect([(await chat(url, secret)).status, (await chat(url, rotated)).status]).toEqual([200, 200])

    const inspected = await home.run(['key', 'inspect', '-'], secret)
    expect(inspected.stdout).toContain('this is its former secret')
    expect(inspected.stdout).toMatch(/last day +3 calls, 0 errors/)
    expect(inspected.stdout).toMatch(/used from +127\.0\.0\.1/)
    expect(inspected.stdout).toMatch(/spent by hour +\S+:00:00Z: \$0\.\d+, \d calls?\n/)
    expect(inspected.stdout).toMatch(/limit +key sbk_\w+: \$0\.\d+ of \$5000 a day spent; all of it free \d{4}-/)
    expect(inspected.stdout).toMatch(/spent by alice +\$0\.\d+ this hour, \$0\.\d+ today, \$0\.\d+ this month/)
    expect(inspected.stdout).not.toContain(secret)

    // The whole key names it too, and only its id travels.
    const revoked = await home.run(['key', 'revoke', rotated, '--reason', 'left', '--json'])
    expect(parsed(revoked)).toMatchObject({ ok: true, told: { gateway: url }, key: { id, state: 'revoked' }, changed: true })
    const refused = await chat(url, secret)
    expect([refused.status, await refused.json()]).toEqual([401, { error: expect.objectContaining({ code: 'api_key_revoked' }) }])
    expect((await home.run(['key', 'revoke', id])).stdout).toContain('It was so before.')

    const audit = await home.run(['audit', '--subject', id])
    const actions = audit.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/)[1])
    expect(actions).toEqual(['authentication', 'key.revoke', 'key.rotate', 'key.create'])
    expect(audit.stdout).toContain('by boss from 127.0.0.1')
    for (const hidden of [secret, rotated, 'boss-key']) expect(audit.stdout).not.toContain(hidden)
  })

  test('an invitation fetches its key from anywhere, once', async () => {
    const home = newHome()
    const { url } = await home.serve()
    const invitation = (await home.run(['key', 'create', '--owner', 'alice', '--invite'])).stdout.trim()
    expect(invitation).toStartWith('sbi_')
    const friend = newHome({ SWITCHBACK_API_KEY: '' }, {})
    const fetched = await friend.run(['key', 'redeem', '-', '--url', url], invitation)
    expect((await chat(url, fetched.stdout.trim())).status).toBe(200)
    const again = await friend.run(['key', 'redeem', invitation, '--url', url])
    expect([again.exitCode, again.stdout]).toEqual([1, ''])
    expect(again.stderr).toContain('it was taken already')
    expect(again.stderr).not.toContain('SWITCHBACK_API_KEY')
  })

  test('an owner who has left is disabled with all keys', async () => {
    const home = newHome()
    const { url } = await home.serve()
    const secret = (await home.run(['key', 'create', '--owner', 'alice'])).stdout.trim()
    expect((await home.run(['owner', 'disable', 'alice', '--reason', 'left'])).stdout).toMatch(/alice .* disabled/)
    expect((await chat(url, secret)).status).toBe(403)
    await home.run(['owner', 'enable', 'alice'])
    expect((await chat(url, secret)).status).toBe(200)
  })
})

test('what was done at the terminal stands in the audit, prices and switches too', async () => {
  const home = newHome()
  await home.run(['key', 'create', '--owner', 'alice'])
  await home.run(['provider', 'disable', 'mock', '--for', '30m'])
  await home.run(['price', 'set', 'mock/echo', '--input', '1', '--output', '2'])
  const { entries } = parsed(await home.run(['audit', '--json'])) as {
    entries: { action: string; actor: object; source: object }[]
  }
  expect(entries.map(({ action }) => action)).toEqual(['price.set', 'provider.disable', 'key.create', 'owner.create'])
  for (const { actor, source } of entries) expect([actor, source]).toEqual([{ kind: 'terminal', id: 'dora' }, { via: 'command' }])
})
