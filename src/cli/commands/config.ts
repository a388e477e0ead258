import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import { dataDirectory } from '../../config/locate.ts'
import { type CommonOptions, withConfig, withDataDir, withJson } from '../common-options.ts'
import { defineRevisionCommands } from '../config/revision-commands.ts'
import { EXIT } from '../exit-codes.ts'

/** `switchback config validate|schema|publish|rollback|withdraw|history|show|diff`. */
export const configCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('config')
      .summary('check the configuration, and publish it to all gateways')
      .description('Checks and describes the configuration, publishes it to all gateways, and shows what they have served by.')
    withDataDir(withConfig(withJson(group.command('validate'))))
      .summary('check a configuration without serving')
      .description(
        'Checks the configuration that "serve" would use, and runs the policy tests it names. All problems are listed at once, with their place.',
      )
      .action(async (_options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => validate(context, options), options.json === true)
      })
    withJson(group.command('schema'))
      .summary('print the JSON Schema of the configuration')
      .description('Prints the JSON Schema of the configuration file, for editors and for checks in other programs.')
      .action(() => execute(schema, true))
    defineRevisionCommands(group, execute)
  },
}

async function validate(context: CliContext, options: CommonOptions): Promise<number> {
  const { renderConfigReport, validateConfig } = await import('../../operations/validate-config.ts')
  const report = await validateConfig({
    ...context.surroundings,
    path: options.config,
    dataDir: dataDirectory(context.surroundings, options.dataDir),
    clock: context.clock,
  })
  if (options.json === true) context.stdout(`${JSON.stringify(report)}\n`)
  else if (report.ok) context.stdout(`${renderConfigReport(report)}\n`)
  else context.stderr(`${renderConfigReport(report)}\n`)
  return report.ok ? EXIT.ok : EXIT.usage
}

async function schema(context: CliContext): Promise<number> {
  const { configSchemaDocument } = await import('../../operations/config-schema.ts')
  context.stdout(`${JSON.stringify(configSchemaDocument(), undefined, 2)}\n`)
  return EXIT.ok
}
