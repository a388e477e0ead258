import { afterEach, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateVaultKey } from '../../src/vault/vault-file.ts'
import { CommandLine } from '../support/command-line.ts'
import { startFakeUpstream, type FakeUpstream } from '../support/fake-upstream.ts'
import { chatAnswer, jsonReply } from '../support/upstream-answers.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo()
})

const NEW = 'zq7-new-key'

/** A home whose gateway has its key from a file, before an upstream that takes the new key only. */
async function setup(): Promise<{ line: CommandLine; upstream: FakeUpstream }> {
  const upstream = await startFakeUpstream(({ headers }) =>
    headers['authorization'] === `Bearer ${NEW}` ? jsonReply(chatAnswer()) : jsonReply({ error: { message: 'bad key' } }, 401),
  )
  const line = new CommandLine()
  cleanUp.push(
    () => upstream.close(),
    () => line.dispose(),
  )
  writeFileSync(join(line.home, 'key'), 'zq7-old-key')
  writeFileSync(
    join(line.home, 'switchback.yaml'),
    `providers: [{ id: up, type: openai_compatible, base_url: "${upstream.url}/v1", accounts: [{ id: main, key_file: key }] }]
routes: [{ name: all, match: { model: "*" }, targets: [up/m] }]
`,
  )
  return { line, upstream }
}

describe('switchback account rotate', () => {
  test('takes the key from stdin, tries it, puts it into the file, and the running gateway serves with it', async () => {
    const { line } = await setup()
    const { url } = await line.serve()
    const done = await line.run(['account', 'rotate', 'up/main', '--from', '-'], `${NEW}\n`)
    expect(done).toMatchObject({ exitCode: 0, stderr: '' })
    expect(done.stdout).toContain('The new key of up/main was tried and works, and is used from now on. It is in the file')
    expect(readFileSync(join(line.home, 'key'), 'utf8')).toBe(`${NEW}\n`)
    expect(statSync(join(line.home, 'key')).mode & 0o777).toBe(0o600)
    const body = JSON.stringify({ model: 'x', messages: [{ role: 'user', content: 'hi' }] })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })).status).toBe(200)
    const audit = await line.run(['audit'])
    expect(audit.stdout).toContain('account.rotate')
    expect(audit.stdout + done.stdout).not.toContain('zq7')
  })

  test('leaves everything as it is when the key is refused', async () => {
    const { line } = await setup()
    await line.serve()
    const done = await line.run(['account', 'rotate', 'up/main', '--from', '-', '--json'], 'zq7-wrong')
    expect(done.exitCode).toBe(1)
    expect(done.stdout + done.stderr).toContain('not taken over')
    expect(done.stdout + done.stderr).not.toContain('zq7')
    expect(readFileSync(join(line.home, 'key'), 'utf8')).toBe('zq7-old-key')
  })

  test('keeps a key that stands in the configuration over restarts, sealed with the key of the vault', async () => {
    const upstream = await startFakeUpstream(({ headers }) =>
      headers['authorization'] === `Bearer ${NEW}` ? jsonReply(chatAnswer()) : jsonReply({ error: { message: 'bad key' } }, 401),
    )
    const line = new CommandLine({ SWITCHBACK_VAULT_KEY: (await generateVaultKey()).reveal() })
    cleanUp.push(
      () => upstream.close(),
      () => line.dispose(),
    )
    writeFileSync(
      join(line.home, 'switchback.yaml'),
      `providers: [{ id: up, type: openai_compatible, base_url: "${upstream.url}/v1", accounts: [{ id: main, api_key: zq7-old-key }] }]
routes: [{ name: all, match: { model: "*" }, targets: [up/m] }]
`,
    )
    const first = await line.serve()
    const done = await line.run(['account', 'rotate', 'up/main', '--from', '-'], NEW)
    expect(done).toMatchObject({ exitCode: 0, stderr: '' })
    expect(done.stdout).toContain('It is kept, sealed, in the state.')
    first.signal('SIGTERM')
    await first.finished
    const { url } = await line.serve()
    const body = JSON.stringify({ model: 'x', messages: [{ role: 'user', content: 'hi' }] })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })).status).toBe(200)
    const tested = await line.run(['provider', 'test', 'up', '--model', 'm'])
    expect(tested).toMatchObject({ exitCode: 0, stderr: '' })
    for (const file of readdirSync(line.home, { recursive: true, withFileTypes: true })) {
      if (file.isFile() && file.name !== 'switchback.yaml')
        expect(readFileSync(join(file.parentPath, file.name)).toString('latin1')).not.toContain('zq7')
    }
  })

  test('sends a key over no network in the open, and wants a gateway that runs', async () => {
    const { line, upstream } = await setup()
    const open = await line.run(['account', 'rotate', 'up/main', '--from', '-', '--url', 'http://gateway.example'], NEW)
    expect(open.exitCode).not.toBe(0)
    expect(open.stderr).toContain('in the open')
    const nobody = await line.run(['account', 'rotate', 'up/main', '--from', '-'], NEW)
    expect(nobody.exitCode).toBe(1)
    expect(nobody.stderr).toContain('No gateway runs here')
    expect(upstream.requests).toHaveLength(0)
  })
})
