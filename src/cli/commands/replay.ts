import { InvalidArgumentError, Option } from 'commander'
import { dataDirectory } from '../../config/locate.ts'
import { durationMs } from '../../lib/config-fields.ts'
import type { FailOn } from '../../operations/replay-records.ts'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson, withUrl } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { recordPlace } from '../record-place.ts'
import { requireConfig } from '../require-config.ts'

interface ReplayOptions extends CommonOptions {
  /** Milliseconds; undefined is for ever. */
  readonly since: { readonly ms: number | undefined }
  readonly limit?: number
  readonly failOn: FailOn
}

/** `switchback replay --since 24h --config new.yaml`. */
export const replayCommand: CommandDefinition = {
  define(program, execute) {
    withUrl(withDataDir(withConfig(withJson(program.command('replay')))))
      .option('--since <time>', 'how far back: 90m, 24h, 7d, 4w or forever', parseSince, { ms: 86_400_000 })
      .option('--limit <count>', 'at most so many requests, the newest', parseLimit)
      .addOption(
        new Option('--fail-on <what>', 'when to end with 1; each includes the ones before it')
          .choices(['none', 'failing', 'changed', 'undetermined'])
          .default('failing'),
      )
      .summary('decide recorded requests by another configuration')
      .description(
        'Decides every recorded request again by the configuration given and sums up what would change. Nobody is called, and no key is needed.',
      )
      .action(async (_options: ReplayOptions, command: { optsWithGlobals(): ReplayOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => run(context, options), options.json === true)
      })
  },
}

async function run(context: CliContext, options: ReplayOptions): Promise<number> {
  const [{ openRecordSource }, { replayFails, replayRecords }, { Replayer }, { renderReplayReport }, { loadDecisionWorld }] =
    await Promise.all([
      import('../../operations/open-record-source.ts'),
      import('../../operations/replay-records.ts'),
      import('../../operations/replay-decision.ts'),
      import('../../operations/render-replay.ts'),
      import('../../operations/decision-world.ts'),
    ])
  const { compiled } = await requireConfig(context, { path: options.config })
  const now = context.clock.wall()
  const world = await loadDecisionWorld({
    config: compiled,
    dataDir: dataDirectory(context.surroundings, options.dataDir),
    clock: context.clock,
    at: now,
  })
  // The candidate configuration decides; where the records are is for the usual one to say.
  const source = await openRecordSource(await recordPlace(context, { ...options, config: undefined }))
  try {
    const sinceMs = options.since.ms === undefined ? undefined : now - options.since.ms
    const { prices, hosts } = world
    const replayer = new Replayer(world)
    const report = await replayRecords(source.scan({ sinceMs, limit: options.limit }), { replayer, prices, hosts })
    context.stdout(`${options.json === true ? JSON.stringify(report) : renderReplayReport(report)}\n`)
    return replayFails(report, options.failOn) ? EXIT.failed : EXIT.ok
  } finally {
    await source.close()
  }
}

function parseSince(text: string): ReplayOptions['since'] {
  if (!/^([1-9]\d{0,5}[mhdw]|forever)$/.test(text))
    throw new InvalidArgumentError('Expected a span such as 90m, 24h or 7d, or forever.')
  return { ms: durationMs(text) }
}

function parseLimit(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of at least 1.')
  return Number(text)
}
