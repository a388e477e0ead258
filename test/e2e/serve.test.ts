import { afterEach, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine, type Served } from '../support/command-line.ts'

const open: CommandLine[] = []
const newHome = (variables?: Record<string, string>): CommandLine => {
  const home = new CommandLine(variables)
  open.push(home)
  return home
}
afterEach(async () => {
  for (const home of open.splice(0)) await home.dispose()
})

const SLOW_MODELS = `
server: { bind: "127.0.0.1:0" }
providers:
  - id: mock
    type: mock
    models:
      - { name: slow, text: this answer takes its time, chunk_delay_ms: 150 }
      - { name: endless, text: this answer never ends, chunk_delay_ms: 600000 }
`

function ask(gateway: Served, model: string, content = 'hi'): Promise<Response> {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content }] })
  return fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
}

/** A streamed call whose first piece has arrived. */
async function startedStream(gateway: Served, model: string): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'hi' }] })
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  const reader = response.body?.getReader()
  if (reader === undefined) throw new Error('no body')
  await reader.read()
  return reader
}

async function restOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for (let part = await reader.read(); !part.done; part = await reader.read())
    text += decoder.decode(part.value, { stream: true })
  return text
}

/** Resolves when the gateway takes no new requests. */
async function untilDraining(gateway: Served): Promise<void> {
  for (;;) {
    const status = await fetch(`${gateway.url}/ready`).then(
      (response) => response.status,
      () => 503,
    )
    if (status !== 200) return
  }
}

describe('serve', () => {
  test('greets with at most six lines on stderr, the last of which can be copied into a shell', async () => {
    const home = newHome()
    writeFileSync(join(home.home, 'switchback.yaml'), 'server: { bind: "127.0.0.1:0" }\nproviders: [{ id: mock, type: mock }]\n')
    const child = home.spawn(['serve'])
    let banner = ''
    for await (const chunk of child.stderr) {
      banner += new TextDecoder().decode(chunk)
      if (banner.includes('curl') && banner.endsWith('\n')) break
    }
    const lines = banner.trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(6)
    for (const word of [
      'http://127.0.0.1:',
      join(home.home, 'switchback.yaml'),
      join(home.home, '.local/state/switchback'),
      'mock',
    ])
      expect(banner).toContain(word)
    const example = lines.at(-1)?.replace(/^try\s+/, '') ?? ''
    const answer = Bun.spawnSync({ cmd: ['sh', '-c', `${example} -s`] })
    expect(answer.stdout.toString()).toContain('echo: hi')
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
    expect(await new Response(child.stdout).text()).toBe('')
  })

  test('refuses a data directory that another gateway uses, naming it', async () => {
    const home = newHome()
    const first = await home.serve()
    const second = await home.run(['serve', '--bind', '127.0.0.1:0'])
    expect(second).toMatchObject({ exitCode: 1, stdout: '' })
    expect(second.stderr).toContain(`process ${first.pid} at ${first.url}`)
    first.signal('SIGTERM')
    expect((await first.finished).exitCode).toBe(0)
  })

  test('names the process that has its port, and gives the data directory back', async () => {
    const home = newHome()
    const first = await home.serve()
    const address = new URL(first.url).host
    for (let attempt = 0; attempt < 2; attempt++) {
      const second = await home.run(['serve', '--bind', address, '--data-dir', join(home.home, 'second')])
      expect(second.exitCode).toBe(1)
      expect(second.stderr).toContain(`${address} is taken by process ${first.pid}`)
    }
  })

  test('lists all problems of the configuration and does not start', async () => {
    const home = newHome()
    writeFileSync(join(home.home, 'switchback.yaml'), 'servr: {}\nproviders:\n  - { id: a, type: openai_compatible }\n')
    const result = await home.run(['serve'])
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toContain('servr')
    expect(result.stderr).toContain('base_url')
  })

  test('does not listen for others without a key', async () => {
    const result = await newHome().run(['serve', '--bind', '0.0.0.0:0'])
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toContain('allow_open_admin')
  })

  test('finishes running requests when told to stop', async () => {
    const home = newHome()
    writeFileSync(join(home.home, 'switchback.yaml'), SLOW_MODELS)
    const gateway = await home.serve()
    const reader = await startedStream(gateway, 'mock/slow')
    gateway.signal('SIGTERM')
    expect(await restOf(reader)).toEndWith('data: [DONE]\n\n')
    const { exitCode, stderr } = await gateway.finished
    expect(exitCode).toBe(0)
    expect(stderr).toContain('SIGTERM')
  })

  test('a second signal ends it at once', async () => {
    const home = newHome()
    writeFileSync(join(home.home, 'switchback.yaml'), SLOW_MODELS)
    const gateway = await home.serve()
    const reader = await startedStream(gateway, 'mock/endless')
    gateway.signal('SIGINT')
    await untilDraining(gateway)
    const asked = performance.now()
    gateway.signal('SIGINT')
    await Promise.all([gateway.finished, restOf(reader).catch(() => '')])
    expect(performance.now() - asked).toBeLessThan(2000)
  })
})

describe('explain', () => {
  test('tells a request right after it was answered, from the files and from the running gateway', async () => {
    const home = newHome()
    const gateway = await home.serve()
    const response = await ask(gateway, 'mock/echo')
    const requestId = response.headers.get('x-switchback-request-id') ?? ''
    await response.text()
    const last = await home.run(['explain', 'last'])
    expect(last.exitCode).toBe(0)
    expect(last.stdout.split('\n')[0]).toStartWith('Served by mock/echo at the first attempt: 200 in ')
    expect(last.stdout).toContain(requestId)
    const byPrefix = await home.run(['explain', requestId.slice(0, 16), '--json'])
    expect(JSON.parse(byPrefix.stdout)).toMatchObject({
      verdict: expect.any(String),
      record: { request_id: requestId, status: 200 },
    })
    const remote = await home.run(['explain', requestId, '--url', gateway.url])
    expect(remote.stdout.split('\n')[0]).toBe(last.stdout.split('\n')[0] ?? '')
    expect(await home.run(['explain', 'req_ffffffffffff', '--url', gateway.url])).toMatchObject({ exitCode: 1 })
  })

  test('tells what was tried when nobody could serve', async () => {
    const home = newHome()
    const gateway = await home.serve()
    expect((await ask(gateway, 'mock/fail-503')).status).toBe(503)
    const { stdout } = await home.run(['explain', 'last'])
    expect(stdout).toStartWith('Failed with 503 after ')
    expect(stdout).toContain('Called mock/fail-503 with account default')
  })

  test('works after the gateway has stopped', async () => {
    const home = newHome()
    const gateway = await home.serve()
    await (await ask(gateway, 'mock/echo')).text()
    gateway.signal('SIGTERM')
    await gateway.finished
    expect((await home.run(['explain', 'last'])).stdout).toStartWith('Served by mock/echo')
  })

  test('and the records behind it hold nothing of prompts or answers', async () => {
    const home = newHome()
    const gateway = await home.serve(['--log-level', 'debug'])
    const canary = 'canary-4f1c9b'
    expect(await (await ask(gateway, 'mock/echo', canary)).text()).toContain(canary)
    gateway.signal('SIGTERM')
    const { stdout, stderr } = await gateway.finished
    const folder = join(home.home, '.local/state/switchback')
    const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
    expect(kept.join('').length).toBeGreaterThan(1000)
    for (const text of [...kept, stdout, stderr]) expect(text).not.toContain(canary)
  })
})
