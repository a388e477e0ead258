import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CommandLine } from '../support/command-line.ts'

const ROOT = resolve(import.meta.dir, '../..')
const home = new CommandLine()
const file = (name: string, text: string): string => {
  const path = join(home.home, name)
  writeFileSync(path, text)
  return path
}
const config = (targets: string): string =>
  `providers:\n  - { id: mock, type: mock }\n  - { id: other, type: mock }\nroutes:\n  - { name: r, match: { model: r }, targets: [${targets}] }\n`
let id = ''

beforeAll(async () => {
  file('switchback.yaml', config('mock/echo, other/echo'))
  file('swapped.yaml', config('other/echo, mock/echo'))
  file('empty.yaml', 'providers:\n  - { id: mock, type: mock }\n')
  file('unseen.yaml', config('other/reasoning, mock/echo'))
  const gateway = await home.serve()
  for (let call = 0; call < 2; call++) {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-session-id': 's-1' },
      body: JSON.stringify({ model: 'r', messages: [{ role: 'user', content: 'hi' }] }),
    })
    id = response.headers.get('x-switchback-request-id') ?? ''
    await response.text()
  }
  gateway.signal('SIGTERM')
  await gateway.finished
})
afterAll(() => home.dispose())

describe('explain', () => {
  test('lists the requests of a session', async () => {
    const { exitCode, stdout } = await home.run(['explain', 'session:s-1'])
    expect(exitCode).toBe(0)
    expect(stdout).toStartWith('Session s-1: 2 requests.')
    expect(stdout).toContain(id)
    expect((await home.run(['explain', 'session:nobody'])).exitCode).toBe(1)
  })

  test('--replay makes the decision again and finds it identical', async () => {
    const { exitCode, stdout } = await home.run(['explain', id, '--replay', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ request_id: id, verdict: 'identical', config_changed: false, differences: [] })
    expect(exitCode).toBe(0)
  })

  test('--against the same configuration is the same, against another one shows what changes and ends with 1', async () => {
    expect((await home.run(['explain', id, '--against', 'switchback.yaml'])).exitCode).toBe(0)
    const other = await home.run(['explain', id, '--against', 'swapped.yaml'])
    expect(other.exitCode).toBe(1)
    expect(other.stdout).toContain('selected: mock/echo → other/echo')
    const unseen = await home.run(['explain', id, '--against', 'unseen.yaml'])
    expect(unseen.exitCode).toBe(1)
    expect(unseen.stdout).toContain('undetermined: observed state of other/reasoning was not kept')
  })

  test('--replay decides by the revision that served, however the file has changed since', async () => {
    file('switchback.yaml', config('other/echo, mock/echo'))
    const replayed = await home.run(['explain', id, '--replay'])
    expect(replayed.exitCode).toBe(0)
    expect(replayed.stdout).toStartWith(
      `Identical: every field of the decision is the same. (${id}, decided again by revision 1)`,
    )
    expect((await home.run(['explain', id, '--replay', '--config', 'swapped.yaml'])).stdout).toContain(
      'The configuration is not the one the request was served with.',
    )
    expect((await home.run(['explain', id, '--against', '1'])).exitCode).toBe(0)
    const missing = await home.run(['explain', id, '--against', '9'])
    expect([missing.exitCode, missing.stderr]).toEqual([1, expect.stringContaining('There is no revision 9.') as string])
    file('switchback.yaml', config('mock/echo, other/echo'))
  })

  test('tells bad questions from missing records', async () => {
    expect((await home.run(['explain', id, '--against', 'nowhere.yaml'])).exitCode).toBe(2)
    expect((await home.run(['explain', 'session:s-1', '--replay'])).exitCode).toBe(2)
    expect((await home.run(['explain', id, '--replay', '--against', 'swapped.yaml'])).exitCode).toBe(2)
    expect((await home.run(['explain', 'req_ffff', '--replay'])).exitCode).toBe(1)
  })
})

describe('replay', () => {
  test('groups what would change, and fails only when asked to', async () => {
    const { exitCode, stdout } = await home.run(['replay', '--config', 'swapped.yaml', '--json'])
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      requests: 2,
      changed: 2,
      failing: 0,
      groups: [
        { from: 'mock/echo', to: 'other/echo', count: 2, reason: 'the order differs', certain: true, cost: { unknown: 2 } },
      ],
    })
    expect((await home.run(['replay', '--config', 'swapped.yaml', '--fail-on', 'changed'])).exitCode).toBe(1)
    expect((await home.run(['replay', '--config', 'switchback.yaml', '--fail-on', 'undetermined'])).exitCode).toBe(0)
    expect((await home.run(['replay', '--config', 'unseen.yaml', '--fail-on', 'undetermined'])).exitCode).toBe(1)
  })

  test('ends with 1 when requests would fail', async () => {
    const { exitCode, stdout } = await home.run(['replay', '--since', '7d', '--limit', '1', '--config', 'empty.yaml'])
    expect(exitCode).toBe(1)
    expect(stdout).toContain('1 request: 0 the same, 0 changed, 1 would fail')
    expect(stdout).toContain('mock/echo → refused: model_not_found')
  })

  test('refuses spans and limits that are none, and a place without records', async () => {
    expect((await home.run(['replay', '--since', 'yesterday'])).exitCode).toBe(2)
    expect((await home.run(['replay', '--limit', '0'])).exitCode).toBe(2)
    expect((await home.run(['replay', '--data-dir', join(home.home, 'nowhere')])).exitCode).toBe(1)
  })
})

describe('test', () => {
  test('passes the policies that are shipped', async () => {
    const words = ['test', join(ROOT, 'config/policies.example.yaml'), '--config', join(ROOT, 'config/example.yaml')]
    const { exitCode, stdout } = await home.run(words)
    expect(stdout).toContain('12 policy tests passed.')
    expect(exitCode).toBe(0)
  })

  test('ends with 1 when a promise is broken, and with 2 when the file is no good', async () => {
    const broken = file('broken.yaml', 'tests: [{ name: b, request: { model: r }, expect: { selected: other/echo } }]\n')
    const { exitCode, stdout } = await home.run(['test', broken, '--json'])
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, failed: 1, tests: [{ failures: [{ actual: 'mock/echo' }] }] })
    expect((await home.run(['test', '-'], 'test: []')).exitCode).toBe(2)
    expect((await home.run(['test', 'nowhere.yaml'])).exitCode).toBe(2)
  })
})
