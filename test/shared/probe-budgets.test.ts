import { afterEach, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine } from '../support/command-line.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { eventually } from '../support/gateway-fixture.ts'
import { PROBED_KEY, startProbedUpstream, type ProbedUpstream } from '../support/probed-upstream.ts'
import { disposedAfterEach, suiteServers } from '../support/suite-servers.ts'
import { freshName } from '../support/shared-state.ts'

const COMMAND = ['provider', 'certify', 'p/probed']

describeWithServers(['postgres', 'redis'], 'what probes of the command line cost', () => {
  const servers = suiteServers()
  const disposed = disposedAfterEach()
  const upstreams: ProbedUpstream[] = []
  afterEach(() => {
    for (const upstream of upstreams.splice(0)) upstream.close()
  })

  /** Machines of one installation, and the upstream that they call; a token costs a dollar. */
  async function machines(
    count: number,
    { coordination = true } = {},
  ): Promise<{ homes: CommandLine[]; upstream: ProbedUpstream }> {
    const name = freshName('probes')
    const upstream = startProbedUpstream()
    upstreams.push(upstream)
    const state = `state: { store: "\${PG}"${coordination ? ', coordination: "${RD}"' : ''} }`
    const homes = Array.from({ length: count }, () => {
      const variables = { PG: servers.postgres.url(`?schema=${name}`), RD: servers.redis.url(`?prefix=${name}`), PROBED_KEY }
      const home = new CommandLine(variables)
      disposed(home)
      writeFileSync(
        join(home.home, 'switchback.yaml'),
        `server: { budget: { max_usd: 12, daily_usd: 10000 } }
providers: [{ id: p, type: openai_compatible, base_url: "${upstream.address}", api_key_env: PROBED_KEY }]
${state}
`,
      )
      return home
    })
    await homes[0]!.run(['state', 'migrate'])
    await homes[0]!.run(['price', 'set', 'p/probed', '--input', '1000000', '--output', '1000000'])
    return { homes, upstream }
  }
  const ask = async (url: string): Promise<number> => {
    const body = JSON.stringify({ model: 'p/probed', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] })
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    return (await fetch(`${url}/v1/chat/completions`, init)).status
  }
  /** Dollars that are spent of each budget, as a gateway sees it. */
  const spentAt = async (url: string): Promise<number[]> => {
    const { limits } = (await (await fetch(`${url}/v1/me`)).json()) as { limits: { rules: { spent_usd: number }[] } }
    return limits.rules.map(({ spent_usd: usd }) => usd)
  }
  const inLedger = async (home: CommandLine): Promise<number> => {
    const { stdout } = await home.run(['usage', '--json'])
    return Number((JSON.parse(stdout) as { totals: { cost_usd: string } }).totals.cost_usd)
  }

  test('fills the budgets of all gateways, and of those that start later, to the nano-dollar', async () => {
    const { homes } = await machines(3)
    const [one, two, third] = homes as [CommandLine, CommandLine, CommandLine]
    const [first, second] = await Promise.all([one.serve(), two.serve()])
    expect(await ask(first.url)).toBe(200)
    await eventually(async () => (await spentAt(second.url)).join() === '4,4', 'the call is counted')
    expect((await third.run(COMMAND)).exitCode).toBe(0)
    const spent = await inLedger(third)
    expect(spent).toBeGreaterThan(12)
    expect(await Promise.all([spentAt(first.url), spentAt(second.url)])).toEqual([
      [spent, spent],
      [spent, spent],
    ])
    expect(await Promise.all([ask(first.url), ask(second.url)])).toEqual([402, 402])
    expect(await spentAt((await third.serve()).url)).toEqual([spent, spent])
  }, 60_000)

  test('is counted once by a Redis that knows nothing yet, or has lost everything', async () => {
    const { homes } = await machines(2)
    const [one, two] = homes as [CommandLine, CommandLine]
    const config = join(one.home, 'switchback.yaml')
    const text = await Bun.file(config).text()
    for (const home of homes) writeFileSync(join(home.home, 'switchback.yaml'), text.replace('max_usd: 12', 'max_usd: 5000'))
    const before = await one.run(COMMAND)
    expect(before.exitCode).toBe(0)
    await servers.redis.kill()
    await servers.redis.start()
    expect((await two.run(COMMAND)).exitCode).toBe(0)
    const { url } = await one.serve()
    const spent = await inLedger(one)
    expect(await spentAt(url)).toEqual([spent, spent])
  }, 60_000)

  test('is nothing while there are budgets and nobody can count: then nobody is called', async () => {
    const { homes, upstream } = await machines(1)
    await servers.redis.kill()
    try {
      const refused = await homes[0]!.run(COMMAND)
      expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('state.coordination') as string])
      expect(upstream.calls).toBe(0)
    } finally {
      await servers.redis.start()
    }
  }, 60_000)

  test('fills the budgets of the only gateway on a database too, beside it and over its restart', async () => {
    const { homes } = await machines(1, { coordination: false })
    const [home] = homes as [CommandLine]
    const gateway = await home.serve()
    expect(await ask(gateway.url)).toBe(200)
    expect((await home.run(COMMAND)).exitCode).toBe(0)
    await eventually(async () => (await ask(gateway.url)) === 402, 'the budget is spent')
    const spent = await inLedger(home)
    await eventually(
      async () => (await spentAt(gateway.url)).every((usd) => usd === spent),
      'both budgets stand as the ledger does',
    )
    gateway.signal('SIGTERM')
    await gateway.finished
    expect(await spentAt((await home.serve()).url)).toEqual([spent, spent])
  }, 60_000)
})
