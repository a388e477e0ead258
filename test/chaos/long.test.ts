import { test } from 'bun:test'
import { runChaos, type ChaosOptions } from '../support/chaos-run.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { expectSurvival } from '../support/expect-survival.ts'

/** `CHAOS_SEED=7 npm run test:chaos` tells a run again. */
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 100_000)

describeWithServers(['postgres', 'redis'], `ten thousand calls under fire, seed ${seed}`, () => {
  const runs: readonly ChaosOptions[] = [
    { calls: 10_000, blows: 60, seed, required: false },
    { calls: 10_000, blows: 60, seed: seed + 1, required: true },
  ]
  test.each(runs)('lose no more than is promised: required $required', async (options) => {
    const outcome = await runChaos(options)
    for (const line of outcome.log) console.error(line)
    expectSurvival(outcome, options)
  })
})
