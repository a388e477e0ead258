import { afterEach, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine } from '../support/command-line.ts'
import type { Reply } from '../support/fake-upstream.ts'
import { TestWorld } from '../support/gateway-fixture.ts'
import { chatAnswer, jsonReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
const homes: CommandLine[] = []
afterEach(async () => {
  for (const home of homes.splice(0)) await home.dispose()
  await world.closeAll()
})

/** Every secret starts with this; what follows tells which one leaked. */
const CANARY = 'zq7canary'
const canary = (what: string): string => `${CANARY}-${what}`
const leaks = (text: string): string[] => [...new Set(text.match(new RegExp(`${CANARY}-[a-z0-9-]+`, 'g')))]

const account = (id: string, auth: string): string => `{ id: ${id}, auth: { ${auth} } }`

test('what accounts log in with is found in no log, record, answer or view, and only the login that must be kept is on disk', async () => {
  let given = 0
  const endpoint = await world.upstream(({ path, text }): Reply => {
    if (path === '/refused')
      return jsonReply({ error: 'invalid_grant', error_description: `no such token: ${canary('described')} ${text}` }, 400)
    if (path === '/broken') return { status: 500, body: [canary('page')] }
    if (path === '/odd') return jsonReply({ error: canary('word'), access_token: 7 }, 403)
    given++
    return jsonReply({ access_token: canary(`access-${given}`), refresh_token: canary(`rotated-${given}`), expires_in: 3600 })
  })
  // The upstream repeats the token it was sent, in every way that an answer has.
  const upstream = await world.upstream(({ headers, json }): Reply => {
    const sent = headers['authorization'] ?? headers['api-key'] ?? ''
    const { model } = json as { model: string }
    if (model === 'ok') return jsonReply(chatAnswer())
    return jsonReply({ error: { message: `You sent ${sent}, which is bad`, code: 'invalid_api_key' } }, Number(model))
  })
  const oauth = (path: string): string =>
    `kind: oauth, token_url: "${endpoint.url}${path}", refresh_env: REFRESH, client_id: me, client_secret_env: SECRET`
  const logins = {
    good: oauth('/token'),
    refused: oauth('/refused'),
    broken: oauth('/broken'),
    odd: oauth('/odd'),
    fixed: 'kind: oauth, token_env: TOKEN',
    file: 'key_file: key',
    codex: 'kind: codex_oauth, token_file: codex.json',
    robot: 'kind: service_account, key_file: key',
  }
  const home = new CommandLine({ REFRESH: canary('refresh'), SECRET: canary('client-secret'), TOKEN: canary('token') })
  homes.push(home)
  writeFileSync(join(home.home, 'key'), canary('file'))
  writeFileSync(join(home.home, 'codex.json'), JSON.stringify({ tokens: { access_token: canary('codex'), account_id: 'acc' } }))
  writeFileSync(
    join(home.home, 'switchback.yaml'),
    `providers:\n${Object.entries(logins)
      .map(
        ([id, auth]) =>
          `  - { id: ${id}, type: openai_compatible, base_url: "${upstream.url}/v1", accounts: [${account('a', auth)}] }`,
      )
      .join('\n')}\n`,
  )
  const gateway = await home.serve(['--log-level', 'debug'])
  const seen: string[] = []
  const post = async (path: string, body: unknown): Promise<number> => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const response = await fetch(`${gateway.url}${path}`, init)
    seen.push(JSON.stringify([...response.headers]), await response.text())
    return response.status
  }
  const statuses: Record<string, number> = {}
  for (const provider of Object.keys(logins))
    for (const model of ['ok', '400', '401', '403', '500'])
      statuses[`${provider}/${model}`] = await post('/v1/chat/completions', {
        model: `${provider}/${model}`,
        messages: [{ role: 'user', content: 'Hi' }],
      })
  expect(statuses).toMatchObject({ 'good/ok': 200, 'fixed/ok': 200, 'file/ok': 200, 'codex/ok': 200 })
  expect(statuses).toMatchObject({ 'refused/ok': 401, 'broken/ok': 503, 'odd/ok': 401, 'robot/ok': 503 })
  await post('/v1/accounts/file/a/rotate', { secret: canary('rotated-key'), model: '401' })
  await post('/v1/accounts/file/a/rotate', { secret: canary('rotated-key'), model: 'ok' })
  await post('/v1/accounts/good/a/rotate', { secret: canary('rotated-key') })
  for (const path of ['/v1/traces?limit=1000', '/v1/health/targets', '/v1/audit', '/metrics', '/v1/alerts', '/'])
    seen.push(await (await fetch(`${gateway.url}${path}`)).text())
  for (const words of [['explain', 'last'], ['health'], ['doctor'], ['audit'], ['config', 'validate', '--json']]) {
    const { stdout, stderr } = await home.run(words)
    seen.push(stdout, stderr)
  }
  gateway.signal('SIGTERM')
  const { stdout, stderr } = await gateway.finished
  expect(stderr.length).toBeGreaterThan(1000)
  for (const text of [...seen, stdout, stderr]) expect(leaks(text)).toEqual([])

  const data = join(home.home, '.local')
  const files = readdirSync(data, { recursive: true, encoding: 'utf8' }).map((name) => join(data, name))
  for (const path of files.filter((name) => statSync(name).isFile())) {
    const found = leaks(readFileSync(path, 'latin1'))
    if (found.length === 0) continue
    expect(path).toContain('/logins/')
    expect(statSync(path).mode & 0o077).toBe(0)
    expect(found.every((name) => /access|rotated/.test(name))).toBe(true)
  }
}, 60_000)
