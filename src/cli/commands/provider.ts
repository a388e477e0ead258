import type { CommandDefinition } from '../command.ts'
import { defineSwitches } from '../switch-commands.ts'

/** `switchback provider disable|enable`. */
export const providerCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('provider')
      .summary('take a provider out of use, and put it back')
      .description('Takes a provider with all its models out of use, and puts it back.')
    defineSwitches(group, execute, { scope: 'provider', argument: "the provider's id" })
  },
}
