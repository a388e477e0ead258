import { afterEach, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateVaultKey } from '../../src/vault/vault-file.ts'
import { CHAT, serving } from '../support/client-formats.ts'
import { CommandLine } from '../support/command-line.ts'
import { startHttpProxy } from '../support/fake-proxy.ts'
import { eventually, TestWorld } from '../support/gateway-fixture.ts'
import { jsonReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
const homes: CommandLine[] = []
afterEach(async () => {
  for (const home of homes.splice(0)) await home.dispose()
  await world.closeAll()
})

const PASSWORD = 'zq7canary-proxy-password'
const KEY = 'zq7canary-vault-secret'

test('passwords of proxies and secrets of the vault are in no view, answer or log, while ways are named', async () => {
  const upstream = await world.upstream(serving(CHAT))
  const hook = await world.upstream(jsonReply({}))
  const proxy = world.keep(await startHttpProxy({ login: `me:${PASSWORD}` }))
  const identity = (await generateVaultKey()).reveal()
  const line = new CommandLine({ SWITCHBACK_VAULT_KEY: identity, PROXY: `http://me:${PASSWORD}@127.0.0.1:${proxy.port}` })
  homes.push(line)
  writeFileSync(
    join(line.home, 'switchback.yaml'),
    `server: { bind: "127.0.0.1:0", default_egress: berlin }
vault: { path: "${join(line.home, 'vault.age')}" }
egress: [{ id: berlin, url_env: PROXY }]
providers:
  - { id: up, type: openai_compatible, base_url: "${upstream.url}/v1", accounts: [{ id: main, api_key_vault: up-key }] }
telemetry: { otlp: [{ endpoint: "${hook.url}" }] }
`,
  )
  await line.run(['vault', 'set', 'up-key', '--from', '-'], KEY)
  const gateway = await line.serve()
  const shown: string[] = []
  const call = (path: string, body?: unknown): Promise<string> =>
    fetch(gateway.url + path, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
    }).then(async (response) => `${JSON.stringify([...response.headers])}${await response.text()}`)
  shown.push(await call('/v1/chat/completions', CHAT.call('up/m')))
  expect(proxy.asked).toHaveLength(1)
  const health = await call('/v1/health/targets')
  expect(health).toContain('"egress":"berlin"')
  const listed = await line.run(['provider', 'list', '--json'])
  expect(JSON.parse(listed.stdout)).toMatchObject({ providers: [{ id: 'up', egress: { main: 'berlin' } }] })
  shown.push(health, listed.stdout)
  for (const path of ['/v1/traces', '/v1/usage', '/v1/usage/events', '/v1/audit', '/metrics', '/v1/models', '/'])
    shown.push(await call(path))
  for (const words of [
    ['provider', 'list'],
    ['config', 'validate', '--json'],
    ['health'],
    ['doctor'],
    ['vault', 'list'],
    ['audit'],
  ]) {
    const { stdout, stderr } = await line.run(words)
    shown.push(stdout, stderr)
  }
  await proxy.close()
  shown.push(await call('/v1/chat/completions', CHAT.call('up/m')))
  // The collector is on this machine, so that no proxy is in between.
  await eventually(() => hook.requests.length > 0, 'the spans are exported', 10_000)
  shown.push(...hook.requests.map(({ text }) => text))
  gateway.signal('SIGTERM')
  const { stdout, stderr } = await gateway.finished
  shown.push(stdout, stderr)
  for (const text of shown) for (const secret of ['zq7canary', identity]) expect(text).not.toContain(secret)
}, 60_000)
