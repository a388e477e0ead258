import { test } from 'bun:test'
import { runChaos, type ChaosOptions } from '../support/chaos-run.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { expectSurvival } from '../support/expect-survival.ts'

const LONG = { calls: 10_000, blows: 60, isPatient: true }

/** `CHAOS_SEED=7 npm run test:chaos` tells a run again. */
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 100_000)

describeWithServers(['postgres', 'redis'], `ten thousand calls under fire, seed ${seed}`, () => {
  const runs: readonly ChaosOptions[] = [
    { ...LONG, seed, required: false, onLoss: 'local_share', redisKeeps: true },
    { ...LONG, seed: seed + 1, required: true, onLoss: 'closed', redisKeeps: false },
    { ...LONG, seed: seed + 2, required: false, onLoss: 'local_share', redisKeeps: false },
  ]
  test.each(runs)(
    'lose and spend no more than is promised: required $required, $onLoss, Redis keeps $redisKeeps',
    async (options) => {
      const outcome = await runChaos(options)
      for (const line of outcome.log) console.error(line)
      expectSurvival(outcome, options)
    },
  )
})
