import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine, type Finished } from '../support/command-line.ts'
import { eventually } from '../support/gateway-fixture.ts'

const KEY = 'sk-right-0123'

/** A server of the Chat format that wants a key and has two models. */
let upstream: Bun.Server<undefined>
let address: string
beforeAll(() => {
  upstream = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      const { pathname } = new URL(request.url)
      const shown = request.headers.get('authorization')
      if (shown !== `Bearer ${KEY}`)
        return Response.json(
          { error: { message: `Incorrect API key provided: ${shown}`, code: 'invalid_api_key' } },
          { status: 401 },
        )
      if (pathname === '/v1/models') return Response.json({ object: 'list', data: [{ id: 'large' }, { id: 'small' }] })
      return Response.json({
        id: 'x',
        object: 'chat.completion',
        created: 1,
        model: 'large',
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'ok' } }],
        usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
      })
    },
  })
  address = `http://127.0.0.1:${upstream.port}/v1`
})
afterAll(() => upstream.stop(true))

const open: CommandLine[] = []
afterEach(async () => {
  for (const home of open.splice(0)) await home.dispose()
})

function newHome(variables: Record<string, string> = {}): { line: CommandLine; file: string; provider: Provider } {
  const line = new CommandLine(variables)
  open.push(line)
  return {
    line,
    file: join(line.home, 'switchback.yaml'),
    provider: (words, input) => line.run(['provider', ...words.split(' ')], input),
  }
}
type Provider = (words: string, input?: string) => Promise<Finished>

const START = 'server: { bind: "127.0.0.1:0" } # loopback\n\nproviders:\n  # for tries\n  - { id: mock, type: mock }\n'

describe('provider add', () => {
  test('keeps the file as it is, shows the lines, and a gateway that runs takes it over', async () => {
    const { line, file, provider } = newHome({ MY_KEY: KEY })
    writeFileSync(file, START)
    const gateway = await line.serve()
    const added = await provider(`add ${address} --id mine --api-key-env MY_KEY --model small`)
    expect(added.exitCode).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(
      `${START}  - id: mine\n    type: openai_compatible\n    base_url: ${address}\n    api_key_env: MY_KEY\n    model_hint: small\n`,
    )
    expect(added.stdout).toContain('   - { id: mock, type: mock }\n+  - id: mine\n')
    const ask = async (): Promise<number> => {
      const body = JSON.stringify({ model: 'mine/small', messages: [{ role: 'user', content: 'hi' }] })
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
      return (await fetch(`${gateway.url}/v1/chat/completions`, init)).status
    }
    await eventually(async () => (await ask()) === 200, 'the new provider is served')
    const removed = await provider('remove mine')
    expect(removed.exitCode).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(START)
  }, 60_000)

  test('stores the key in the vault when it is given one, and makes the file when there is none', async () => {
    const { stdout: vaultKey } = await newHome().line.run(['vault', 'keygen'])
    const { line, file, provider } = newHome({ SWITCHBACK_VAULT_KEY: vaultKey })
    const added = await provider(`add groq --base-url ${address} --key-from - --json`, `${KEY}\n`)
    expect(JSON.parse(added.stdout)).toMatchObject({ ok: true, written: true, warnings: [] })
    expect(readFileSync(file, 'utf8')).toContain('api_key_vault: groq')
    expect(readFileSync(file, 'utf8')).not.toContain(KEY)
    expect((await line.run(['vault', 'get', 'groq', '--reveal'])).stdout).toBe(`${KEY}\n`)
    expect((await provider('models groq')).stdout).toBe('groq/large\ngroq/small\n')
    const audit = await line.run(['audit', '--json'])
    expect(audit.stdout).toContain('provider.add')
  }, 60_000)

  test.each([
    ['add grok', 2, 'Did you mean'],
    ['add azure', 2, '--set resource=my-resource'],
    ['add bogus://x', 2, 'no preset'],
    ['add groq --id a/b', 2, 'providers[1].id'],
    ['add groq --id mock', 2, 'has a provider mock already'],
    ['add groq --route fast', 2, 'add --model'],
    ['add groq --vault nowhere', 2, 'cannot be opened'],
    ['remove nobody', 1, 'no provider of that name'],
    ['remove mock', 2, 'route r leads to mock'],
    ['test nobody', 1, 'no provider of that name'],
  ])(
    'changes nothing when something is wrong: %s',
    async (words, exitCode, message) => {
      const { file, provider } = newHome()
      const before = `${START}routes:\n  - { name: r, match: { model: r }, targets: [mock/echo] }\n`
      writeFileSync(file, before)
      const finished = await provider(words)
      expect(finished.exitCode).toBe(exitCode)
      expect(finished.stderr).toContain(message)
      expect(readFileSync(file, 'utf8')).toBe(before)
    },
    60_000,
  )

  test('shows no secret of the lines around, and writes nothing with --dry-run', async () => {
    const { file, provider } = newHome()
    const before = 'providers:\n  - id: a\n    type: openai\n    api_key: "canary-one"\n'
    writeFileSync(file, before)
    const shown = await provider('add groq --dry-run')
    expect(shown.exitCode).toBe(0)
    expect(shown.stdout).toContain('api_key: (hidden)')
    expect(shown.stdout + shown.stderr).not.toContain('canary')
    expect(readFileSync(file, 'utf8')).toBe(before)
    const { file: none, provider: elsewhere } = newHome()
    await elsewhere('add groq --dry-run')
    expect(existsSync(none)).toBe(false)
  }, 60_000)
})

describe('provider test', () => {
  test('makes a call and tells what happened', async () => {
    const { provider } = newHome({ MY_KEY: KEY })
    await provider(`add ${address} --id mine --api-key-env MY_KEY`)
    const tested = await provider('test mine')
    expect(tested.exitCode).toBe(0)
    expect(tested.stdout).toContain('mine/large works. It said: ok')
    expect(JSON.parse((await provider('test mine --model small --json')).stdout)).toMatchObject({
      ok: true,
      model: 'small',
      text: 'ok',
      record: { attempts: [{ outcome: 'success' }] },
    })
    expect(JSON.parse((await provider('list --json')).stdout)).toMatchObject({
      providers: [{ id: 'mine', accounts: ['default'], unusable: [] }],
    })
  }, 60_000)

  test('tells why a call fails, without the key', async () => {
    const { provider } = newHome({ MY_KEY: 'sk-wrong-canary-4567' })
    await provider(`add ${address} --id mine --api-key-env MY_KEY --model small`)
    const tested = await provider('test mine')
    expect(tested.exitCode).toBe(1)
    expect(tested.stdout).toContain('mine/small does not work.')
    expect(tested.stdout + tested.stderr).not.toMatch(/sk-(wrong|right)/)
    expect(await provider('models mine')).toMatchObject({ exitCode: 1 })
  }, 60_000)

  test('works with the mock, streamed too', async () => {
    const { file, provider } = newHome()
    writeFileSync(file, START)
    expect((await provider('test mock --model echo --stream')).stdout).toContain('It said: echo: ')
    expect((await provider('test mock --model fail-503')).exitCode).toBe(1)
    expect((await provider('models mock')).stdout).toContain('mock/echo\n')
  }, 60_000)
})
