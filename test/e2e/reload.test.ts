import { afterEach, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine, type Served } from '../support/command-line.ts'
import { eventually } from '../support/gateway-fixture.ts'

const open: CommandLine[] = []
afterEach(async () => {
  for (const home of open.splice(0)) await home.dispose()
})

const CONFIG = (...targets: string[]): string =>
  `server: { bind: "127.0.0.1:0" }
providers: [{ id: a, type: mock }, { id: b, type: mock }]
routes:
  - { name: r, match: { model: r }, targets: [${targets.join(', ')}] }
`

function newHome(config: string): { home: CommandLine; path: string } {
  const home = new CommandLine()
  open.push(home)
  const path = join(home.home, 'switchback.yaml')
  writeFileSync(path, config)
  return { home, path }
}

/** The route header of a call for `r`, and the revision that served it. */
async function routed(gateway: Served): Promise<string> {
  const body = JSON.stringify({ model: 'r', messages: [{ role: 'user', content: 'hi' }] })
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  await response.text()
  return `${response.headers.get('x-switchback-revision')} ${/served=(\S+)/.exec(response.headers.get('x-switchback-route') ?? '')?.[1]}`
}

describe('serve', () => {
  test('takes over its configuration file when it changes, and at once when it is told to look', async () => {
    const { home, path } = newHome(CONFIG('a/echo'))
    const gateway = await home.serve()
    expect(await routed(gateway)).toBe('1 a/echo')
    writeFileSync(path, CONFIG('b/echo'))
    await eventually(async () => (await routed(gateway)) === '2 b/echo', 'the change is served')
    writeFileSync(path, CONFIG('c/echo'))
    gateway.signal('SIGHUP')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await routed(gateway)).toBe('2 b/echo')
    writeFileSync(path, CONFIG('a/echo'))
    gateway.signal('SIGHUP')
    // What was there before is the revision that it was.
    await eventually(async () => (await routed(gateway)) === '1 a/echo', 'the first configuration is served again')
    gateway.signal('SIGTERM')
    const { exitCode, stderr } = await gateway.finished
    expect(exitCode).toBe(0)
    expect(stderr).toContain('switchback: The configuration was taken over (revision 2).\n')
    expect(stderr).toMatch(/switchback: \S+switchback\.yaml:4:\d+: routes\[0\]\.targets\[0\]: .*\n/)
    expect(stderr).toContain('switchback: The new configuration was not taken. The one before it stays in force.\n')
    expect(stderr).toContain('switchback: The configuration was taken over (revision 1).\n')
  })

  test('does not start with a configuration whose policy tests fail, and neither is it valid', async () => {
    const { home, path } = newHome(`${CONFIG('b/echo')}policy_tests: [policies.yaml]\n`)
    writeFileSync(
      join(home.home, 'policies.yaml'),
      'tests:\n  - name: r is served by a\n    request: { model: r }\n    expect: { selected: a/echo }\n',
    )
    const { exitCode, stderr } = await home.run(['serve'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('policies.yaml:2: r is served by a: selected is b/echo, expected a/echo')
    const validated = await home.run(['config', 'validate'])
    expect([validated.exitCode, validated.stdout]).toEqual([2, ''])
    expect(validated.stderr).toContain('policies.yaml:2: r is served by a: selected is b/echo, expected a/echo')
    expect(validated.stderr).toContain('1 of 1 policy test failed, so the configuration would not be taken.')
    writeFileSync(path, `${CONFIG('a/echo')}policy_tests: [policies.yaml]\n`)
    const passed = await home.run(['config', 'validate'])
    expect([passed.exitCode, passed.stdout]).toEqual([
      0,
      `The configuration is valid (${path}): 2 providers, 15 models. 1 policy test passed.\n`,
    ])
    const json = await home.run(['config', 'validate', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, policies: [{ ok: true, passed: 1, failed: 0 }] })
  })
})
