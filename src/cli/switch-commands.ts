import type { Command } from 'commander'
import { dataDirectory } from '../config/locate.ts'
import type { SwitchPlace, TypedOrder } from '../operations/disable-place.ts'
import type { CliContext } from './cli-context.ts'
import type { Execute } from './command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson, withUrl } from './common-options.ts'
import { EXIT } from './exit-codes.ts'
import { operatorGateway } from './operator-gateway.ts'
import { requireConfig } from './require-config.ts'
import { terminalUser } from './terminal-user.ts'

interface SwitchOptions extends CommonOptions {
  readonly for?: string
  readonly reason?: string
}

/** What a group of switches is about. */
export interface SwitchGroup {
  readonly scope: TypedOrder['scope']
  /** How a subject is named, such as `provider/model`. */
  readonly argument: string
}

/** Adds `disable` and `enable` to a group of commands. */
export function defineSwitches(group: Command, execute: Execute, { scope, argument }: SwitchGroup): void {
  const phrase = `${scope === 'account' ? 'an' : 'a'} ${scope}`
  const disable = withSwitchOptions(group.command('disable'))
    .argument('<name>', argument)
    .option('--for <time>', 'for how long, such as 30m, 2h or 1h30m (default: until it is enabled)')
    .option('--reason <text>', 'shown to whoever is refused because of it')
    .summary(`take ${phrase} out of use`)
    .description(
      `Takes ${phrase} out of use, in the gateway that runs, or for the next start when none does. Ends by itself after the time given.`,
    )
  defineSwitch(disable, execute, { action: 'disable', scope })
  const enable = withSwitchOptions(group.command('enable'))
    .argument('<name>', argument)
    .option('--reason <text>', 'for the audit')
    .summary(`put ${phrase} back into use`)
    .description(`Puts ${phrase} back into use before its time.`)
  defineSwitch(enable, execute, { action: 'enable', scope })
}

/** The options of every switch. */
export const withSwitchOptions = (command: Command): Command => withUrl(withDataDir(withConfig(withJson(command))))

/** Gives a command what it does. */
export function defineSwitch(command: Command, execute: Execute, order: Pick<TypedOrder, 'action' | 'scope'>): void {
  command.action(async (name: string, _options: SwitchOptions, self: { optsWithGlobals(): SwitchOptions }) => {
    const options = self.optsWithGlobals()
    const typed: TypedOrder = { ...order, name, reason: options.reason, for: options.for }
    await execute((context) => carryOutTyped(context, typed, options), options.json === true)
  })
}

async function carryOutTyped(context: CliContext, order: TypedOrder, options: SwitchOptions): Promise<number> {
  const [{ carryOut }, { renderSwitch }, place] = await Promise.all([
    import('../operations/disable-place.ts'),
    import('../operations/render-disable.ts'),
    switchPlace(context, options),
  ])
  const result = await carryOut(place, order)
  if (options.json === true) context.stdout(`${JSON.stringify({ ok: true, told: result.told, ...result.answer })}\n`)
  else context.stdout(`${renderSwitch(order, result, context.clock.wall())}\n`)
  return EXIT.ok
}

async function switchPlace(context: CliContext, options: SwitchOptions): Promise<SwitchPlace> {
  const gateway = await operatorGateway(context, options)
  if (gateway !== undefined) return { kind: 'gateway', gateway }
  const { compiled } = await requireConfig(context, { path: options.config })
  const { surroundings, clock } = context
  const user = terminalUser(context)
  return {
    kind: 'files',
    dataDir: dataDirectory(surroundings, options.dataDir),
    config: compiled,
    clock,
    pid: process.pid,
    by: user === undefined ? 'command line' : `command line, ${user}`,
    user,
  }
}
