import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import type { CommonOptions } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { runningGateway } from '../running-gateway.ts'
import { withSwitchOptions } from '../switch-commands.ts'

/** `switchback health`. */
export const healthCommand: CommandDefinition = {
  define(program, execute) {
    withSwitchOptions(program.command('health'))
      .summary('show how targets and accounts do')
      .description(
        'Shows the targets of a running gateway: circuit, calls under way, times, outcomes, usable accounts, and what is locked or out of use.',
      )
      .action(async (_options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => health(context, options), options.json === true)
      })
  },
}

async function health(context: CliContext, options: CommonOptions): Promise<number> {
  const [{ healthOf }, { renderHealth }, gateway] = await Promise.all([
    import('../../operations/health-remote.ts'),
    import('../../operations/render-health.ts'),
    runningGateway(context, options),
  ])
  const view = await healthOf(gateway)
  context.stdout(`${options.json === true ? JSON.stringify(view) : renderHealth(view, context.clock.wall())}\n`)
  return EXIT.ok
}
