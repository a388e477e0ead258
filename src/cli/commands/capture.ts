import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import type { CommonOptions } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { runningGateway } from '../running-gateway.ts'
import { withSwitchOptions } from '../switch-commands.ts'

interface StartOptions extends CommonOptions {
  readonly key: string
  readonly for: string
  readonly recipient?: string[]
}

interface StopOptions extends CommonOptions {
  readonly delete?: boolean
}

/** `switchback capture start|stop|list`. */
export const captureCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('capture')
      .summary('capture the bodies of a key for support, encrypted')
      .description(
        'Has a running gateway write the bodies of the calls of one key for a time, encrypted to a public key of age. The gateway cannot read them.',
      )
    withSwitchOptions(group.command('start'))
      .requiredOption('--key <id>', 'id of the key, as records show it; none for callers without one')
      .requiredOption('--for <time>', 'for how long, such as 15m or 1h')
      .option('--recipient <age1…>', 'public key of age; may be given several times (default: capture.recipients)', collect)
      .summary('begin to capture')
      .description('Begins to capture. It ends by itself; callers see a header, and the status page tells of it.')
      .action(async (_options: StartOptions, command: { optsWithGlobals(): StartOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => start(context, options), options.json === true)
      })
    withSwitchOptions(group.command('stop'))
      .argument('<id>', 'id of the capture')
      .option('--delete', 'delete what was captured at once')
      .summary('end a capture')
      .description(
        'Ends a capture before its time. What was captured is kept until its retention is over, or deleted with --delete.',
      )
      .action(async (id: string, _options: StopOptions, command: { optsWithGlobals(): StopOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => stop(context, id, options), options.json === true)
      })
    withSwitchOptions(group.command('list'))
      .summary('show captures')
      .description('Shows what is being captured, and what was and is not deleted yet.')
      .action(async (_options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => list(context, options), options.json === true)
      })
  },
}

const collect = (value: string, before: string[] = []): string[] => [...before, value]

async function start(context: CliContext, options: StartOptions): Promise<number> {
  const [{ startCaptureAt }, { renderStarted }, gateway] = await Promise.all([
    import('../../operations/captures-remote.ts'),
    import('../../operations/render-captures.ts'),
    runningGateway(context, options),
  ])
  const capture = await startCaptureAt(gateway, { key: options.key, for: options.for, recipient: options.recipient })
  context.stdout(
    `${options.json === true ? JSON.stringify({ ok: true, capture }) : renderStarted(capture, context.clock.wall())}\n`,
  )
  return EXIT.ok
}

async function stop(context: CliContext, id: string, options: StopOptions): Promise<number> {
  const [{ stopCaptureAt }, gateway] = await Promise.all([
    import('../../operations/captures-remote.ts'),
    runningGateway(context, options),
  ])
  const stopped = await stopCaptureAt(gateway, id, options.delete === true)
  const { capture, was_running: wasRunning, deleted } = stopped
  const ended = wasRunning ? 'ended' : 'had ended already'
  const kept = deleted ? 'Its bodies are deleted.' : `Its bodies are in ${capture.folder}.`
  context.stdout(`${options.json === true ? JSON.stringify({ ok: true, ...stopped }) : `${capture.id} ${ended}. ${kept}`}\n`)
  return EXIT.ok
}

async function list(context: CliContext, options: CommonOptions): Promise<number> {
  const [{ capturesOf }, { renderCaptures }, gateway] = await Promise.all([
    import('../../operations/captures-remote.ts'),
    import('../../operations/render-captures.ts'),
    runningGateway(context, options),
  ])
  const captures = await capturesOf(gateway)
  context.stdout(`${options.json === true ? JSON.stringify({ captures }) : renderCaptures(captures, context.clock.wall())}\n`)
  return EXIT.ok
}
