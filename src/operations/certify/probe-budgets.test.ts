import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfigText, loaded } from '../../../test/support/load-config-text.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { BudgetRule } from '../../ir/limits.ts'
import { exampleSettlement } from '../../state/ledger/conformance.ts'
import { openSqlitePeriods } from '../../state/limits/sqlite-periods.ts'
import { ProbeBudgets } from './probe-budgets.ts'
import { ProbeLedger } from './probe-ledger.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchback-probe-budgets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const MIDNIGHT = Date.UTC(2026, 10, 2)
const clock = new ManualClock(MIDNIGHT + 5_000)
const rules = (budget: string): BudgetRule[] =>
  (loaded(loadConfigText(`server: { budget: { ${budget} } }`)).compiled.limits.global?.rules ?? []) as BudgetRule[]
const at = (time: number, nanos: number | undefined) => exampleSettlement(`req_${time}.0`, { at: time, nanos })

describe('budgets of probes', () => {
  test('are charged in the period of each call, once a budget, and not for what nobody knows', async () => {
    const path = join(folder, 'state.db')
    openSqlitePeriods({ path, clock }).close()
    const place = { file: path, redis: undefined, ledger: undefined }
    const budgets = new ProbeBudgets({ rules: rules('max_usd: 1, daily_usd: 1'), place, clock })
    await budgets.charge([at(MIDNIGHT - 1, 3), at(MIDNIGHT, 4), at(MIDNIGHT + 1, 5), at(MIDNIGHT + 2, undefined)])
    await budgets.charge([at(MIDNIGHT, undefined), at(MIDNIGHT, 0)])
    const file = openSqlitePeriods({ path, clock })
    const day = 'global:/usd/day@UTC'
    expect(file.charges().map(({ counter, start, end, amount }) => [counter, start, end, amount])).toEqual([
      ['global:/usd/total', 0, undefined, 12],
      [day, MIDNIGHT - 86_400_000, MIDNIGHT, 3],
      [day, MIDNIGHT, MIDNIGHT + 86_400_000, 9],
    ])
    file.close()
  })

  test('ask nobody where there are none, and make no file where no gateway has been', async () => {
    const path = join(folder, 'none.db')
    const place = { file: path, redis: undefined, ledger: undefined }
    await new ProbeBudgets({ rules: [], place, clock }).requireRoom()
    await new ProbeBudgets({ rules: rules('max_usd: 1'), place, clock }).charge([at(MIDNIGHT, 4)])
    expect(await Bun.file(path).exists()).toBe(false)
  })

  test('that cannot be told are no reason to forget what the calls have cost otherwise', async () => {
    const warnings: string[] = []
    const ledger = new ProbeLedger({
      party: { provider: 'p', model: 'm', account: 'a', host: 'h' },
      prices: { priceOf: () => undefined },
      clock,
      budgets: { charge: () => Promise.reject(new GatewayError('state_unavailable', 'It is away.')) },
      warn: (message) => void warnings.push(message),
      place: undefined,
    })
    expect(await ledger.keep()).toBe(false)
    expect(warnings).toEqual(['What the calls have cost is not counted in the budgets of gateways: It is away.'])
  })
})
