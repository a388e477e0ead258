import type { CommandDefinition } from '../command.ts'
import { defineProviderCalls } from '../provider/call-commands.ts'
import { defineCertification } from '../provider/certify-commands.ts'
import { defineProviderEdits } from '../provider/edit-commands.ts'
import { defineSwitches } from '../switch-commands.ts'

/** `switchback provider presets|add|list|remove|models|test|doctor|certify|certify-all|matrix|disable|enable`. */
export const providerCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('provider')
      .summary('add, try and take out providers')
      .description('Adds providers to the configuration, tries them, and takes them out of use.')
    defineProviderEdits(group, execute)
    defineProviderCalls(group, execute)
    defineCertification(group, execute)
    defineSwitches(group, execute, { scope: 'provider', argument: "the provider's id" })
  },
}
