import { afterEach, expect, test } from 'bun:test'
import { CHAT } from '../support/client-formats.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { suiteServers } from '../support/suite-servers.ts'
import { jsonReply } from '../support/upstream-answers.ts'
import { eventually, TestWorld } from '../support/gateway-fixture.ts'
import { openLimits, type LimitsWorld } from '../support/limits-world.ts'
import { freshName } from '../support/shared-state.ts'

/** A thousandth of a dollar by the price of the fixture. */
const REPLY = jsonReply(CHAT.whole({ inputTokens: 0, outputTokens: 1_000 }))
const BUDGETS = {
  tenants: [{ id: 'team', budget: { max_usd: 0.4 } }],
  owners: [{ id: 'alice', budget: { daily_usd: 5, timezone: 'Asia/Kathmandu' } }],
}

describeWithServers(['postgres', 'redis'], 'budgets of gateways whose Redis is killed and comes back empty', () => {
  const servers = suiteServers()
  const world = new TestWorld()
  afterEach(() => world.closeAll())

  const pair = async (onLoss: string): Promise<[LimitsWorld, LimitsWorld]> => {
    const name = freshName('loss')
    const state = {
      store: servers.postgres.url(`?schema=${name}`),
      coordination: servers.redis.url(`?prefix=${name}`),
      on_loss: onLoss,
    }
    const open = (): Promise<LimitsWorld> => openLimits(world, { ...BUDGETS, state }, { reply: REPLY })
    return [await open(), await open()]
  }
  let answered = 0
  const call = async ({ post }: LimitsWorld): Promise<number> => {
    const response = await post(CHAT, { max_tokens: 1_000 })
    await response.text()
    if (response.status === 200) answered += 1
    return response.status
  }
  /** Thousandths of a dollar that are spent of each budget, as a gateway sees it. */
  const spentAt = async ({ status }: LimitsWorld): Promise<number[]> =>
    (await status()).flatMap((row) => (row.measure === 'usd' ? [Math.round(row.spent_usd * 1_000)] : []))

  test.each(['open', 'local_share'])('stand as the ledger has them, whatever was spent meanwhile (%s)', async (onLoss) => {
    answered = 0
    const gateways = await pair(onLoss)
    const [one, two] = gateways
    for (let turn = 0; turn < 20; turn++) expect(await call(gateways[turn % 2]!)).toBe(200)
    await eventually(async () => (await spentAt(two)).join() === '20,20', 'twenty calls are counted')
    await servers.redis.kill()
    for (let turn = 0; turn < 10; turn++) expect(await call(gateways[turn % 2]!)).toBe(200)
    await servers.redis.start()
    await eventually(async () => {
      expect(await Promise.all([call(one), call(two)])).toEqual([200, 200])
      await Bun.sleep(100)
      const seen = await Promise.all([spentAt(one), spentAt(two)])
      return seen.flat().every((spent) => spent === answered)
    }, 'both count everything, and everything once')
    let status = 200
    while (status === 200) status = await call(two)
    expect(status).toBe(402)
    expect([answered, await call(one)]).toEqual([400, 402])
  })
})
