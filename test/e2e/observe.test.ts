import { afterEach, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption'
import { CommandLine, type Served } from '../support/command-line.ts'
import { TestWorld } from '../support/gateway-fixture.ts'

const world = new TestWorld()
const homes: CommandLine[] = []
afterEach(async () => {
  for (const home of homes.splice(0)) await home.dispose()
  await world.closeAll()
})

async function serving(config: object): Promise<{ home: CommandLine; served: Served }> {
  const home = new CommandLine()
  homes.push(home)
  writeFileSync(join(home.home, 'switchback.yaml'), JSON.stringify({ providers: [{ id: 'mock', type: 'mock' }], ...config }))
  return { home, served: await home.serve() }
}

const call = async ({ url }: Served): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'mock/echo', messages: [{ role: 'user', content: 'zq7canary' }] }),
  })

describe('switchback alerts', () => {
  test('tests webhooks and shows what is wrong', async () => {
    const webhook = await world.upstream({ body: ['ok'] })
    const { home } = await serving({ alerts: { webhooks: [{ id: 'ops', url: webhook.url, allow_private: true }] } })
    expect(await home.run(['alerts', 'list'])).toMatchObject({ exitCode: 0, stdout: 'Nothing is wrong. Told: ops.\n' })
    expect(await home.run(['alerts', 'test'])).toMatchObject({ exitCode: 0, stdout: 'ops: delivered (status 200)\n' })
    expect(webhook.requests.map(({ json }) => (json as { state: string }).state)).toEqual(['test'])
    const unknown = await home.run(['alerts', 'test', '--webhook', 'nobody', '--json'])
    expect([unknown.exitCode, unknown.stdout + unknown.stderr]).toEqual([
      1,
      expect.stringContaining('There is no webhook nobody'),
    ])
  })

  test('fails when a webhook does not take the test', async () => {
    const { home } = await serving({ alerts: { webhooks: [{ id: 'inside', url: 'http://127.0.0.1:1/' }] } })
    const tested = await home.run(['alerts', 'test', '--json'])
    expect(tested.exitCode).toBe(1)
    expect(JSON.parse(tested.stdout)).toEqual({ ok: false, tests: [{ webhook: 'inside', ok: false, reason: 'private_address' }] })
  })

  test('says what to do when no gateway runs', async () => {
    const home = new CommandLine()
    homes.push(home)
    const { exitCode, stderr } = await home.run(['alerts', 'list'])
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('switchback serve')])
  })
})

describe('switchback capture', () => {
  test('starts, shows, ends and deletes, and what it wrote opens with the secret key', async () => {
    const identity = await generateIdentity()
    const recipient = await identityToRecipient(identity)
    const { home, served } = await serving({})
    const started = await home.run(['capture', 'start', '--key', 'none', '--for', '15m', '--recipient', recipient, '--json'])
    expect(started.exitCode).toBe(0)
    const { capture } = JSON.parse(started.stdout) as { capture: { id: string; folder: string } }
    const response = await call(served)
    expect([response.status, response.headers.get('x-switchback-capture')]).toEqual([200, capture.id])
    await response.text()
    expect((await home.run(['capture', 'list'])).stdout).toContain(`${capture.id}  in force for 1`)
    const stopped = await home.run(['capture', 'stop', capture.id])
    expect(stopped).toMatchObject({ exitCode: 0, stdout: `${capture.id} ended. Its bodies are in ${capture.folder}.\n` })
    const files = readdirSync(capture.folder).filter((name) => name.endsWith('.request.json.age'))
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    expect(await decrypter.decrypt(readFileSync(join(capture.folder, files[0] ?? '')), 'text')).toContain('zq7canary')
    const deleted = await home.run(['capture', 'stop', capture.id, '--delete'])
    expect(deleted.stdout).toBe(`${capture.id} had ended already. Its bodies are deleted.\n`)
    expect((await home.run(['capture', 'list'])).stdout).toBe('Nothing is or was captured.\n')
  })

  test('refuses a wrong order with the exit code of wrong usage', async () => {
    const { home } = await serving({})
    const refused = await home.run(['capture', 'start', '--key', 'none', '--for', '15m', '--recipient', 'age1nonsense'])
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('This is no public key of age')])
  })
})
