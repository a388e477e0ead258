import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine, type Finished } from '../support/command-line.ts'
import { eventually } from '../support/gateway-fixture.ts'

/** An upstream that answers with the key it was called with. */
let upstream: Bun.Server<undefined>
beforeAll(() => {
  upstream = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) =>
      Response.json({
        id: 'x',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [
          { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: request.headers.get('authorization') } },
        ],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }),
  })
})
afterAll(() => upstream.stop(true))

const open: CommandLine[] = []
afterEach(async () => {
  for (const home of open.splice(0)) await home.dispose()
})

interface Home {
  readonly line: CommandLine
  readonly vault: (words: readonly string[], input?: string) => Promise<Finished>
}

/** A home whose vault key is in the variable, as on a server. */
async function headless(): Promise<Home> {
  const keys = new CommandLine()
  open.push(keys)
  const { stdout } = await keys.run(['vault', 'keygen'])
  const line = new CommandLine({ SWITCHBACK_VAULT_KEY: stdout })
  open.push(line)
  writeFileSync(
    join(line.home, 'switchback.yaml'),
    `server: { bind: "127.0.0.1:0" }
vault: { path: keys.age, keychain_service: switchback-test-${process.pid} }
providers:
  - { id: up, type: openai_compatible, base_url: "http://127.0.0.1:${upstream.port}/v1", api_key_vault: up-main }
`,
  )
  return { line, vault: (words, input) => line.run(['vault', ...words], input) }
}

async function keyOf(url: string): Promise<string> {
  const body = JSON.stringify({ model: 'up/m', messages: [{ role: 'user', content: 'hi' }] })
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  const { choices } = (await response.json()) as { choices?: [{ message: { content: string } }] }
  return choices?.[0].message.content ?? `status ${response.status}`
}

describe('a vault on a machine without a keychain', () => {
  test('is made, filled from stdin and files, listed, read and emptied', async () => {
    const { line, vault } = await headless()
    expect(await vault(['init'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('SWITCHBACK_VAULT_KEY') })
    expect((await vault(['init'])).stderr).toContain('There is a vault already')
    expect(await vault(['set', 'up-main'], 'sk-one\n')).toMatchObject({ exitCode: 0 })
    writeFileSync(join(line.home, 'key.txt'), 'sk-two\n')
    expect(JSON.parse((await vault(['set', 'other', '--from', 'key.txt', '--json'])).stdout)).toMatchObject({ replaced: false })
    expect(JSON.parse((await vault(['list', '--json'])).stdout)).toMatchObject({
      secrets: [
        { name: 'other', used: false },
        { name: 'up-main', used: true },
      ],
      missing: [],
    })
    expect((await vault(['get', 'other'])).stdout).not.toContain('sk-two')
    expect((await vault(['get', 'other', '--reveal'])).stdout).toBe('sk-two\n')
    expect(await vault(['get', 'oter', '--reveal'])).toMatchObject({ exitCode: 1, stdout: '' })
    expect(await vault(['rm', 'other'])).toMatchObject({ exitCode: 0, stderr: '' })
    expect((await vault(['rm', 'up-main'])).stderr).toContain('The configuration still names up-main')
    expect(statSync(join(line.home, 'keys.age')).mode & 0o777).toBe(0o600)
    const audit = await line.run(['audit', '--json'])
    expect(audit.stdout).toContain('vault.reveal')
    expect(audit.stdout).not.toContain('sk-')
  }, 60_000)

  test('takes no secret as an argument, and no empty one', async () => {
    const { vault } = await headless()
    expect((await vault(['set', 'a', 'sk-x'])).exitCode).toBe(2)
    expect((await vault(['set', 'a', '--value', 'sk-x'])).exitCode).toBe(2)
    expect(await vault(['set', 'a'], '\n')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('empty') })
    expect(await vault(['set', '../a'], 'x')).toMatchObject({ exitCode: 2 })
  }, 60_000)

  test('gets another key, in a file of its own', async () => {
    const { line, vault } = await headless()
    await vault(['set', 'up-main'], 'sk-one')
    expect(await vault(['rotate'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--key-file') })
    expect(await vault(['rotate', '--key-file', 'next.txt'])).toMatchObject({ exitCode: 0 })
    expect(await vault(['list'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('cannot be opened') })
    const next = new CommandLine({ SWITCHBACK_VAULT_KEY: readFileSync(join(line.home, 'next.txt'), 'utf8') })
    open.push(next)
    const config = join(line.home, 'switchback.yaml')
    expect((await next.run(['vault', 'get', 'up-main', '--reveal', '--config', config])).stdout).toBe('sk-one\n')
    expect(await vault(['rotate', '--key-file', 'next.txt'])).toMatchObject({ exitCode: 2 })
  }, 60_000)

  test('without any key says what to do', async () => {
    const line = new CommandLine()
    open.push(line)
    const { exitCode, stderr } = await line.run(['vault', 'init'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('--key-file')
    const made = await line.run(['vault', 'init', '--key-file', 'k.txt'])
    expect(made.stdout).toContain(`SWITCHBACK_VAULT_KEY="$(cat 'k.txt')"`)
    expect(statSync(join(line.home, 'k.txt')).mode & 0o777).toBe(0o600)
  }, 60_000)
})

describe('a gateway with keys in the vault', () => {
  test('does not start without one, and takes another one over while it serves', async () => {
    const { line, vault } = await headless()
    const refused = await line.run(['serve'])
    expect(refused.exitCode).toBe(2)
    expect(refused.stderr).toMatch(/switchback\.yaml:4:\d+: providers\[0\]\.api_key_vault: The vault holds no "up-main"/)
    await vault(['set', 'up-main'], 'sk-one')
    const gateway = await line.serve()
    expect(await keyOf(gateway.url)).toBe('Bearer sk-one')
    await vault(['set', 'up-main'], 'sk-two')
    await eventually(async () => (await keyOf(gateway.url)) === 'Bearer sk-two', 'the other key is used')
    await vault(['rm', 'up-main'])
    await vault(['set', 'up-main'], 'sk-three')
    await eventually(async () => (await keyOf(gateway.url)) === 'Bearer sk-three', 'the third key is used')
    gateway.signal('SIGTERM')
    const { stderr } = await gateway.finished
    expect(stderr).not.toMatch(/sk-(one|two|three)/)
  }, 60_000)
})
