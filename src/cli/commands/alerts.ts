import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import type { CommonOptions } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { runningGateway } from '../running-gateway.ts'
import { withSwitchOptions } from '../switch-commands.ts'

interface TestOptions extends CommonOptions {
  readonly webhook?: string
}

/** `switchback alerts list|test`. */
export const alertsCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('alerts')
      .summary('show alerts, and test who is told')
      .description('Shows the alerts of a running gateway that are not over, and tests its webhooks.')
    withSwitchOptions(group.command('list'))
      .summary('show what is wrong')
      .description('Shows the alerts that somebody was told of and that are not over.')
      .action(async (_options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => list(context, options), options.json === true)
      })
    withSwitchOptions(group.command('test'))
      .option('--webhook <id>', 'only this one (default: all)')
      .summary('send a test to the webhooks')
      .description('Sends a test message to the webhooks of a running gateway and tells what became of it.')
      .action(async (_options: TestOptions, command: { optsWithGlobals(): TestOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => test(context, options), options.json === true)
      })
  },
}

async function list(context: CliContext, options: CommonOptions): Promise<number> {
  const [{ alertsOf }, { renderAlerts }, gateway] = await Promise.all([
    import('../../operations/alerts-remote.ts'),
    import('../../operations/render-alerts.ts'),
    runningGateway(context, options),
  ])
  const view = await alertsOf(gateway)
  context.stdout(`${options.json === true ? JSON.stringify(view) : renderAlerts(view, context.clock.wall())}\n`)
  return EXIT.ok
}

async function test(context: CliContext, options: TestOptions): Promise<number> {
  const [{ testAlertsOf }, { renderWebhookTests }, gateway] = await Promise.all([
    import('../../operations/alerts-remote.ts'),
    import('../../operations/render-alerts.ts'),
    runningGateway(context, options),
  ])
  const tests = await testAlertsOf(gateway, options.webhook)
  const ok = tests.every((one) => one.ok)
  context.stdout(`${options.json === true ? JSON.stringify({ ok, tests }) : renderWebhookTests(tests)}\n`)
  return ok ? EXIT.ok : EXIT.failed
}
