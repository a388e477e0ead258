import { Command, CommanderError } from 'commander'
import { EXIT } from './exit-codes.ts'
import type { CliContext } from './cli-context.ts'
import { COMMANDS } from './commands/index.ts'
import { reportError } from './report-error.ts'

/** Runs the command that the arguments name. Resolves with the exit code; the process is left to the caller. */
export async function runCommandLine(context: CliContext): Promise<number> {
  let exitCode: number = EXIT.ok
  const program = new Command('switchback')
    .description('Self-hosted AI gateway: any client format in, any chosen upstream out, one explained answer.')
    .version(context.version, '-V, --version', 'print the version')
    .option('--json', 'machine-readable output on stdout')
    // A group and its subcommands may have options of the same name.
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for what is possible)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.stdout(text), writeErr: (text) => context.stderr(text) })
  for (const command of COMMANDS) {
    command.define(program, async (run, json) => {
      try {
        exitCode = await run(context)
      } catch (error) {
        exitCode = reportError(context, error, json)
      }
    })
  }
  try {
    await program.parseAsync([...context.argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  }
  return exitCode
}
