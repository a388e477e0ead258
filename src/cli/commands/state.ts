import type { Command } from 'commander'
import { dataDirectory } from '../../config/locate.ts'
import type { StatePlace } from '../../operations/state/state-file.ts'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition, Execute } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'

/** `switchback state backup|check`. */
export const stateCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('state')
      .summary('copy and check what the gateway keeps')
      .description('Copies and checks the file in which the gateway keeps its records, its ledger and its switches.')
    defineBackup(group, execute)
    defineCheck(group, execute)
  },
}

function defineBackup(group: Command, execute: Execute): void {
  withDataDir(withConfig(withJson(group.command('backup'))))
    .argument('<file>', 'a new file')
    .summary('copy the state, also while the gateway runs')
    .description('Copies the state as it is at one moment into a new file and checks the copy. A running gateway goes on.')
    .action(async (file: string, _options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => backup(context, file, options), options.json === true)
    })
}

function defineCheck(group: Command, execute: Execute): void {
  withDataDir(withConfig(withJson(group.command('check'))))
    .summary('tell whether the state is whole')
    .description(
      'Reads all of the state file and tells whether it is whole and of a version that this program can use. Ends with 1 when not.',
    )
    .action(async (_options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => check(context, options), options.json === true)
    })
}

async function backup(context: CliContext, file: string, options: CommonOptions): Promise<number> {
  const [{ backupState }, { renderBackup }, place] = await Promise.all([
    import('../../operations/state/backup-state.ts'),
    import('../../operations/state/render-state.ts'),
    statePlace(context, options),
  ])
  const result = backupState(place, file)
  context.stdout(`${options.json === true ? JSON.stringify({ ok: true, ...result }) : renderBackup(result)}\n`)
  return EXIT.ok
}

async function check(context: CliContext, options: CommonOptions): Promise<number> {
  const [{ checkState }, { renderCheck }, place] = await Promise.all([
    import('../../operations/state/check-state.ts'),
    import('../../operations/state/render-state.ts'),
    statePlace(context, options),
  ])
  const result = checkState(place)
  context.stdout(`${options.json === true ? JSON.stringify(result) : renderCheck(result)}\n`)
  return result.ok ? EXIT.ok : EXIT.failed
}

/** A configuration that cannot be read keeps nobody from looking into the usual place. */
async function statePlace(context: CliContext, options: CommonOptions): Promise<StatePlace> {
  const { loadConfig } = await import('../../config/load.ts')
  const loaded = loadConfig({ ...context.surroundings, path: options.config })
  return {
    dataDir: dataDirectory(context.surroundings, options.dataDir),
    store: loaded.ok ? loaded.compiled.state.store : undefined,
  }
}
