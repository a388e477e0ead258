import type { CommandDefinition } from '../command.ts'
import { defineSwitches } from '../switch-commands.ts'

/** `switchback model disable|enable`. */
export const modelCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('model')
      .summary('take a model out of use, and put it back')
      .description('Takes a model at one provider out of use, and puts it back.')
    defineSwitches(group, execute, { scope: 'model', argument: "provider/model, as in a route's target" })
  },
}
