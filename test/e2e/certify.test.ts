import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine } from '../support/command-line.ts'
import { eventually } from '../support/gateway-fixture.ts'
import { PROBED_KEY, startProbedUpstream, type ProbedUpstream } from '../support/probed-upstream.ts'

let upstream: ProbedUpstream
beforeAll(() => void (upstream = startProbedUpstream()))
afterAll(() => upstream.close())

const open: CommandLine[] = []
afterEach(async () => {
  for (const home of open.splice(0)) await home.dispose()
})

/** A home whose one route asks for certified targets. */
function newHome(server = ''): CommandLine {
  const line = new CommandLine({ PROBED_KEY })
  open.push(line)
  writeFileSync(
    join(line.home, 'switchback.yaml'),
    `server: { bind: "127.0.0.1:0", ${server} }
providers:
  - { id: p, type: openai_compatible, base_url: "${upstream.address}", api_key_env: PROBED_KEY }
  - { id: keyless, type: openai_compatible, base_url: "${upstream.address}", api_key_env: NOT_SET }
routes:
  - { name: safe, match: { model: safe }, targets: [p/probed, keyless/probed], require: { certified: true } }
`,
  )
  return line
}

async function ask(url: string, more: Record<string, unknown> = {}): Promise<number> {
  const body = JSON.stringify({ model: 'safe', messages: [{ role: 'user', content: 'hi' }], ...more })
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
  return (await fetch(`${url}/v1/chat/completions`, init)).status
}

/** Dollars that are spent of each budget of the gateway. */
async function spentAt(url: string): Promise<number[]> {
  const { rules } = ((await (await fetch(`${url}/v1/me`)).json()) as { limits: { rules: { spent_usd: number }[] } }).limits
  return rules.map(({ spent_usd: usd }) => usd)
}

describe('provider certify', () => {
  test('tells the price first and spends nothing without consent', async () => {
    const line = newHome()
    await line.run(['price', 'set', 'p/probed', '--input', '1', '--output', '2'])
    const before = upstream.calls
    const refused = await line.run(['provider', 'certify', 'p/probed', '--full'])
    expect(refused.exitCode).toBe(2)
    expect(refused.stderr).toMatch(/p\/probed: \d+ calls, about [\d,]+ tokens in .* at most \$0\.\d+/)
    expect(refused.stderr).toContain('--yes')
    expect(upstream.calls).toBe(before)
    expect((await line.run(['provider', 'certify', 'probed'])).exitCode).toBe(2)
    expect((await line.run(['provider', 'certify', 'keyless/probed'])).exitCode).toBe(2)
  }, 60_000)

  test('opens a route that asks for certified targets, in a gateway that runs, and accounts for its calls', async () => {
    const line = newHome()
    const gateway = await line.serve()
    expect(await ask(gateway.url)).toBe(503)
    expect((await line.run(['provider', 'certify', 'p/probed'])).stdout).toContain('p/probed is alive')
    const preview = await line.run(['route-preview', '--model', 'safe'])
    expect(preview.exitCode).toBe(1)
    const full = await line.run(['provider', 'certify', 'p/probed', '--full', '--yes'])
    expect(full.stdout).toContain('p/probed is certified')
    expect(full.stdout).toContain('stand in the ledger, as probes')
    expect(full.exitCode).toBe(0)
    await eventually(async () => (await ask(gateway.url)) === 200, 'the certified target is served')
    expect((await line.run(['route-preview', '--model', 'safe'])).exitCode).toBe(0)
    expect((await line.run(['provider', 'matrix'])).stdout).toMatch(/p\/probed +\d{4}-\d\d-\d\d +0 d +full +certified +ok +ok/)
    const alive = await line.run(['provider', 'certify', 'p/probed'])
    expect(alive.stdout).toMatch(/p\/probed is alive.*\nWhat was asked in full on \d{4}-\d\d-\d\d is kept: certified/)
    expect((await line.run(['route-preview', '--model', 'safe'])).exitCode).toBe(0)
    const events = await line.run(['usage', 'events', '--json'])
    expect(events.stdout).toContain('"purpose":"probe"')
    // The same model at another address is another thing.
    const file = join(line.home, 'switchback.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace(upstream.address, upstream.address.replace('127.0.0.1', 'localhost')))
    const moved = await line.run(['provider', 'matrix'])
    expect(moved.stdout).toMatch(/p\/probed .* full +void +ok/)
    expect(moved.exitCode).toBe(1)
    expect((await line.run(['route-preview', '--model', 'safe'])).stdout).toContain('was of another address')
  }, 120_000)

  test('that is asked to stop lets the call go, accounts for those before it and keeps nothing', async () => {
    const line = newHome()
    const hanging = Promise.withResolvers<void>()
    const letGo = Promise.withResolvers<void>()
    const chunks = [{ choices: [{ index: 0, delta: { content: 'pong' }, finish_reason: 'stop' }] }]
    let calls = 0
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      idleTimeout: 0,
      async fetch(request) {
        if (++calls === 1)
          return new Response(`${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')}data: [DONE]\n\n`)
        request.signal.addEventListener('abort', () => letGo.resolve())
        hanging.resolve()
        return new Promise<Response>(() => undefined)
      },
    })
    try {
      const file = join(line.home, 'switchback.yaml')
      writeFileSync(file, readFileSync(file, 'utf8').replace(upstream.address, `http://127.0.0.1:${server.port}/v1`))
      await line.serve()
      const command = line.spawn(['provider', 'certify', 'p/probed'])
      await hanging.promise
      command.kill('SIGINT')
      await letGo.promise
      expect(await command.exited).toBe(1)
      expect(await new Response(command.stderr).text()).toContain('Stopped by SIGINT.')
      expect((await line.run(['usage', 'events', '--json'])).stdout).toContain('"purpose":"probe"')
      expect((await line.run(['provider', 'matrix'])).stdout).toContain('Nothing has been certified yet')
    } finally {
      await server.stop(true)
    }
  }, 60_000)

  test('of everything leaves out what has no key', async () => {
    const line = newHome()
    const all = await line.run(['provider', 'certify-all', '--json'])
    expect(JSON.parse(all.stdout)).toMatchObject({
      ok: true,
      skipped: ['keyless/probed'],
      targets: [{ target: 'p/probed', mode: 'liveness' }],
    })
    expect(all.exitCode).toBe(0)
    expect((await line.run(['provider', 'doctor', 'p'])).stdout).toContain('first token')
  }, 60_000)

  test.each(['test p --model probed', 'doctor p --model probed', 'certify p/probed'])(
    'and what %s has cost fills the budgets of a gateway that runs, to the nano-dollar',
    async (command) => {
      const line = newHome('budget: { max_usd: 12, daily_usd: 10000 }')
      const place = ['--data-dir', 'kept']
      await line.run(['price', 'set', 'p/probed', '--input', '1000000', '--output', '1000000', ...place])
      const gateway = await line.serve(place)
      const { url } = gateway
      expect(await ask(url, { model: 'p/probed', max_tokens: 1 })).toBe(200)
      expect(await spentAt(url)).toEqual([4, 4])
      expect((await line.run(['provider', ...command.split(' '), ...place])).exitCode).toBe(0)
      const { stdout } = await line.run(['usage', '--json', ...place])
      const spent = Number((JSON.parse(stdout) as { totals: { cost_usd: string } }).totals.cost_usd)
      expect(spent).toBeGreaterThan(12)
      await eventually(async () => (await spentAt(url)).every((usd) => usd === spent), 'both budgets stand as the ledger does')
      expect(await ask(url, { model: 'p/probed', max_tokens: 1 })).toBe(402)
      gateway.signal('SIGTERM')
      await gateway.finished
      const next = await line.serve(place)
      expect(await spentAt(next.url)).toEqual([spent, spent])
    },
    60_000,
  )

  test.each(['test p --model probed', 'doctor p --model probed', 'certify p/probed'])(
    'and %s are in the ledger, and call nobody when a budget is spent',
    async (command) => {
      const words = command.split(' ')
      const line = newHome()
      await line.run(['price', 'set', 'p/probed', '--input', '10', '--output', '20'])
      await line.serve()
      const first = await line.run(['provider', ...words])
      expect(first.exitCode).toBe(0)
      expect((await line.run(['usage', 'events', '--json'])).stdout).toContain('"purpose":"probe"')
      const file = join(line.home, 'switchback.yaml')
      const address = `base_url: "${upstream.address}"`
      writeFileSync(file, readFileSync(file, 'utf8').replace(address, `${address}, budget: { max_usd: 0.000001 }`))
      const before = upstream.calls
      const refused = await line.run(['provider', ...words])
      expect(refused.exitCode).toBe(1)
      expect(refused.stderr).toMatch(/provider p's budget .* is spent/)
      expect(upstream.calls).toBe(before)
    },
    60_000,
  )
})
