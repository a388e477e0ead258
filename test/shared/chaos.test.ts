import { test } from 'bun:test'
import { runChaos, type ChaosOptions } from '../support/chaos-run.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { expectSurvival } from '../support/expect-survival.ts'

describeWithServers(
  ['postgres', 'redis'],
  'four gateways of which one is killed now and then, while their servers fall and hang',
  () => {
    const brief = { redisKeeps: false, isPatient: false }
    const runs: readonly ChaosOptions[] = [
      { calls: 300, blows: 6, seed: 4, required: false, onLoss: 'local_share', ...brief },
      { calls: 300, blows: 6, seed: 7, required: true, onLoss: 'closed', ...brief },
    ]
    test.each(runs)(
      'serve on, double nothing and lose no more than is promised: $calls calls, $blows blows, required $required',
      async (options) => expectSurvival(await runChaos(options), options),
      300_000,
    )
  },
)
