import type { CommandDefinition } from '../command.ts'
import { defineSwitch, defineSwitches, withSwitchOptions } from '../switch-commands.ts'

const NAME_HELP = 'provider/account'

/** `switchback account disable|enable|reset`. */
export const accountCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('account')
      .summary('take an account out of use, put it back, release its locks')
      .description('Takes an account of a provider out of use, puts it back, or releases its locks.')
    defineSwitches(group, execute, { scope: 'account', argument: NAME_HELP })
    const reset = withSwitchOptions(group.command('reset'))
      .argument('<name>', NAME_HELP)
      .summary('release the locks of an account')
      .description(
        'Releases the locks that failures have put on an account, and limits it was told, such as after its purse was filled.',
      )
    defineSwitch(reset, execute, { action: 'reset', scope: 'account' })
  },
}
