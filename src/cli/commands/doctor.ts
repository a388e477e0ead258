import { dataDirectory } from '../../config/locate.ts'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'

interface DoctorCommandOptions extends CommonOptions {
  readonly network?: boolean
}

/** `switchback doctor`. */
export const doctorCommand: CommandDefinition = {
  define(program, execute) {
    withDataDir(withConfig(withJson(program.command('doctor'))))
      .option('--network', 'also try to reach the providers; nothing is sent')
      .summary('find what is wrong or missing')
      .description(
        'Looks at configuration, policy tests, data directory, the servers of a shared state, prices, keys, targets and clock. Changes nothing and calls no provider. Exit code 0: nothing fails, 1: something does, 2: the configuration would not be taken.',
      )
      .action(async (_options: DoctorCommandOptions, command: { optsWithGlobals(): DoctorCommandOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => doctor(context, options), options.json === true)
      })
  },
}

async function doctor(context: CliContext, options: DoctorCommandOptions): Promise<number> {
  const [{ runDoctor }, { renderDoctor }] = await Promise.all([
    import('../../operations/doctor.ts'),
    import('../../operations/render-doctor.ts'),
  ])
  const report = await runDoctor({
    ...context.surroundings,
    path: options.config,
    dataDir: dataDirectory(context.surroundings, options.dataDir),
    clock: context.clock,
    reachProviders: options.network === true,
  })
  context.stdout(`${options.json === true ? JSON.stringify(report) : renderDoctor(report)}\n`)
  return report.refused ? EXIT.usage : report.ok ? EXIT.ok : EXIT.failed
}
