import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CommandLine } from '../support/command-line.ts'
import { eventually } from '../support/gateway-fixture.ts'

const open: CommandLine[] = []
const newHome = (): CommandLine => {
  const home = new CommandLine()
  open.push(home)
  writeFileSync(join(home.home, 'switchback.yaml'), JSON.stringify({ providers: [{ id: 'mock', type: 'mock' }] }))
  return home
}
afterEach(async () => {
  for (const home of open.splice(0)) await home.dispose()
})

const ask = (url: string, stream = false, model = 'mock/echo'): Promise<string> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-session-id': 'talk' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hi' }] }),
  }).then((response) => response.text())

type Report = { totals: { attempts: number; cost_nanos: number; unknown_cost: number }; groups: unknown[] }

const reportOf = (text: string): Report => JSON.parse(text) as Report

/** Attempts under way that are on the disk. */
function notesIn({ home }: CommandLine): number {
  const path = join(home, '.local/state/switchback/switchback.db')
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return Number(database.prepare('SELECT count(*) AS number FROM open_attempts').get()?.['number'])
  } finally {
    database.close()
  }
}

/** A home in which two calls were made at $1 and $2 for a million tokens, 8 in and 8 out each; nobody serves any more. */
async function used(): Promise<CommandLine> {
  const home = newHome()
  await home.run(['price', 'set', 'mock/*', '--input', '1', '--output', '2'])
  const served = await home.serve()
  await ask(served.url)
  await ask(served.url, true)
  served.signal('SIGTERM')
  await served.finished
  return home
}

describe('usage', () => {
  test('is told by a running gateway at once, and from its files when it has ended', async () => {
    const home = newHome()
    await home.run(['price', 'set', 'mock/*', '--input', '1', '--output', '2'])
    const served = await home.serve()
    await ask(served.url)
    const running = await home.run(['usage', '--by', 'model,session', '--json'])
    expect(reportOf(running.stdout)).toMatchObject({
      durability: 'durable',
      totals: { attempts: 1, cost_nanos: 24_000, cost_usd: '0.000024' },
      groups: [{ model: 'echo', session: 'talk', input_tokens: 8, output_tokens: 8 }],
    })
    served.signal('SIGTERM')
    await served.finished
    const ended = await home.run(['usage', '--by', 'model', '--interval', 'day'])
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
    expect(ended.stdout).toMatch(/START +MODEL +REQUESTS[^]*T00:00:00.000Z +echo +1 +1 +8 +0 % +8 +\$0.000024/)
    expect((await home.run(['usage', 'reconcile', '--json'])).exitCode).toBe(0)
  })

  test('is a table for spreadsheets, and a list of entries page by page', async () => {
    const home = await used()
    const table = await home.run(['usage', '--by', 'provider', '--csv'])
    expect(table.stdout.split('\r\n')).toHaveLength(3)
    expect(table.stdout.split('\r\n')[0]).toStartWith('provider,requests,attempts')
    const page = JSON.parse((await home.run(['usage', 'events', '--limit', '1', '--json'])).stdout) as {
      next: string
      events: { id: string }[]
    }
    const rest = JSON.parse((await home.run(['usage', 'events', '--cursor', page.next, '--json'])).stdout) as typeof page
    expect([...page.events, ...rest.events].map(({ id }) => id.slice(-2))).toEqual(['.0', '.0'])
    expect(rest.next).toBeUndefined()
  })

  test('is priced again by appended adjustments, once', async () => {
    const home = await used()
    await home.run(['price', 'set', 'mock/*', '--input', '2', '--output', '2'])
    const dry = await home.run(['usage', 'reprice', '--since', '1h', '--model', 'ec*', '--dry-run'])
    expect(dry.stdout).toContain('2 would be adjusted by $0.000016')
    const totals = async (): Promise<Report['totals']> => reportOf((await home.run(['usage', '--json'])).stdout).totals
    expect((await totals()).cost_nanos).toBe(48_000)
    await home.run(['usage', 'reprice', '--since', '1h', '--model', 'ec*'])
    await home.run(['usage', 'reprice', '--since', '1h', '--model', 'ec*'])
    expect(await totals()).toMatchObject({ cost_nanos: 64_000, settled_nanos: 48_000, adjusted_nanos: 16_000, adjustments: 2 })
    const explained = await home.run(['explain', 'last'])
    expect(explained.stdout).toContain('It cost $0.000032 (price: override sha256:')
    expect(explained.stdout).toContain('corrected by $0.000008 afterwards')
  })

  test("is compared with a provider's invoice", async () => {
    const home = await used()
    const day = new Date().toISOString().slice(0, 10)
    const compared = await home.run(
      ['usage', 'import', '-', '--provider', 'mock', '--json'],
      `date,model,cost\n${day},echo,0.00006\n`,
    )
    expect(compared.exitCode).toBe(0)
    expect(JSON.parse(compared.stdout)).toMatchObject({ invoice_nanos: 60_000, ledger_nanos: 48_000, difference_percent: 25 })
  })

  test('asked for wrongly, or where there is none, says what to do', async () => {
    const home = newHome()
    const nothing = await home.run(['usage'])
    expect(nothing.exitCode).toBe(1)
    expect(nothing.stderr).toContain('Send a request first')
    const used2 = await used()
    const wrong = await used2.run(['usage', '--by', 'modle'])
    expect(wrong).toMatchObject({ exitCode: 2, stdout: '' })
    expect(wrong.stderr).toContain('Did you mean model?')
    expect((await used2.run(['usage', 'reprice'])).stderr).toContain('--since')
    expect((await used2.run(['usage', 'import', 'no-such-file', '--provider', 'mock'])).exitCode).toBe(2)
  })
})

describe('a gateway that is killed', () => {
  test('has lost nothing of what it answered, where the ledger is required', async () => {
    const home = newHome()
    const config = { providers: [{ id: 'mock', type: 'mock' }], ledger: { required: true } }
    writeFileSync(join(home.home, 'switchback.yaml'), JSON.stringify(config))
    const served = await home.serve()
    const calls = Array.from({ length: 20 }, (_unused, index) => ask(served.url, index % 2 === 0))
    await Promise.all(calls)
    served.signal('SIGKILL')
    await served.finished
    expect(reportOf((await home.run(['usage', '--json'])).stdout).totals).toMatchObject({ attempts: 20, succeeded: 20 })
  })

  test('has attempts under way that held money in the ledger as lost when it is started again, once', async () => {
    const home = newHome()
    const slow = { name: 'slow', text: 'never told', delay_ms: 60_000 }
    const config = { server: { budget: { max_usd: 1 } }, providers: [{ id: 'mock', type: 'mock', models: [slow] }] }
    writeFileSync(join(home.home, 'switchback.yaml'), JSON.stringify(config))
    await home.run(['price', 'set', 'mock/*', '--input', '1', '--output', '2'])
    const served = await home.serve()
    const call = ask(served.url, false, 'mock/slow').catch(() => 'broken off')
    await eventually(() => notesIn(home) === 1, 'the attempt is noted')
    served.signal('SIGKILL')
    await served.finished
    expect(await call).toBe('broken off')
    for (let turn = 0; turn < 2; turn++) {
      const again = await home.serve()
      await eventually(() => notesIn(home) === 0, 'the note has been seen to')
      again.signal('SIGTERM')
      await again.finished
    }
    const { totals } = reportOf((await home.run(['usage', '--json'])).stdout)
    expect(totals).toMatchObject({ attempts: 1, lost: 1, cost_nanos: 0 })
    const { events } = JSON.parse((await home.run(['usage', 'events', '--json'])).stdout) as { events: unknown[] }
    expect(events).toMatchObject([{ kind: 'lost', model: 'slow', session: 'talk', reserved_nanos: expect.any(Number) }])
  })
})

describe('state', () => {
  test('is backed up while the gateway runs, and the copy can be served from', async () => {
    const home = newHome()
    const served = await home.serve()
    await ask(served.url)
    await home.run(['usage'])
    const backup = await home.run(['state', 'backup', 'copy.db', '--json'])
    expect(backup).toMatchObject({ exitCode: 0, stderr: '' })
    await ask(served.url)
    expect(existsSync(join(home.home, 'copy.db'))).toBe(true)
    expect((await home.run(['state', 'backup', 'copy.db'])).stderr).toContain('exists already')
    await home.run(['price', 'set', 'mock/echo', '--input', '1', '--output', '2'])
    const priced = await home.run(['state', 'backup', 'priced.db'])
    expect(priced.stdout).toContain('priced.db.prices.json')
    expect(readFileSync(join(home.home, 'priced.db.prices.json'), 'utf8')).toContain('mock/echo')
    expect(JSON.parse((await home.run(['state', 'check', '--json'])).stdout)).toMatchObject({ ok: true })
    writeFileSync(
      join(home.home, 'other.yaml'),
      JSON.stringify({ providers: [{ id: 'mock', type: 'mock' }], state: { store: 'copy.db' } }),
    )
    const old = await home.run(['usage', '--config', 'other.yaml', '--data-dir', 'elsewhere', '--json'])
    expect(reportOf(old.stdout).totals.attempts).toBe(1)
  })
})
