import type { Command } from 'commander'
import { dataDirectory } from '../../config/locate.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { StatePlace } from '../../operations/state/state-file.ts'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition, Execute } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { keptConfig } from '../kept-config.ts'
import { requireConfig } from '../require-config.ts'

/** `switchback state backup|check|migrate|export|import`. */
export const stateCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('state')
      .summary('copy, check and move what the gateway keeps')
      .description(
        'Copies, checks and moves what the gateway keeps: its records, its ledger and its switches, in a file or in a database.',
      )
    defineBackup(group, execute)
    defineCheck(group, execute)
    defineMigrate(group, execute)
    defineExport(group, execute)
    defineImport(group, execute)
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

function defineMigrate(group: Command, execute: Execute): void {
  withConfig(withJson(group.command('migrate')))
    .summary('bring the database to the newest schema')
    .description(
      'Brings the PostgreSQL database of state.store to the schema of this version. Every start does so too; this is for users that may not change tables. Gateways of this release and of the one before may run meanwhile.',
    )
    .action(async (_options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => migrate(context, options), options.json === true)
    })
}

interface TransferOptions extends CommonOptions {
  readonly to?: string
  readonly from?: string
}

function defineExport(group: Command, execute: Execute): void {
  withDataDir(withConfig(withJson(group.command('export'))))
    .requiredOption('--to <file>', 'a new file')
    .summary('write everything that is kept into a file')
    .description(
      'Writes everything that is kept, as it is at one moment, into a new file that "state import" reads. A running gateway goes on.',
    )
    .action(async (_options: TransferOptions, command: { optsWithGlobals(): TransferOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => transfer(context, options, 'out'), options.json === true)
    })
}

function defineImport(group: Command, execute: Execute): void {
  withDataDir(withConfig(withJson(group.command('import'))))
    .requiredOption('--from <file>', 'a file that "state export" has written')
    .summary('fill an empty store from a file')
    .description(
      'Fills the empty store of the configuration from a file, all of it or nothing, then reads it again and compares numbers and digests.',
    )
    .action(async (_options: TransferOptions, command: { optsWithGlobals(): TransferOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => transfer(context, options, 'in'), options.json === true)
    })
}

async function migrate(context: CliContext, options: CommonOptions): Promise<number> {
  const [{ migrateSharedState }, { renderMigration }, { compiled }] = await Promise.all([
    import('../../operations/state/check-shared-state.ts'),
    import('../../operations/state/render-state.ts'),
    requireConfig(context, { path: options.config }),
  ])
  const { shared } = compiled.state
  if (shared === undefined)
    throw new GatewayError(
      'config_invalid',
      'This configuration names no PostgreSQL database in state.store. A file is brought to the newest schema when the gateway starts.',
    )
  const result = await migrateSharedState({ shared, clock: context.clock })
  context.stdout(`${options.json === true ? JSON.stringify({ ok: true, ...result }) : renderMigration(result)}\n`)
  return EXIT.ok
}

async function transfer(context: CliContext, options: TransferOptions, direction: 'in' | 'out'): Promise<number> {
  const [{ exportState, importState }, { renderTransfer }, { compiled }] = await Promise.all([
    import('../../operations/state/transfer-state.ts'),
    import('../../operations/state/render-state.ts'),
    requireConfig(context, { path: options.config }),
  ])
  const { store, shared } = compiled.state
  const place = { dataDir: dataDirectory(context.surroundings, options.dataDir), store, shared, clock: context.clock }
  const result = direction === 'out' ? await exportState(place, options.to ?? '') : await importState(place, options.from ?? '')
  const text = options.json === true ? JSON.stringify({ ok: true, ...result }) : renderTransfer(result, direction === 'in')
  context.stdout(`${text}\n`)
  return EXIT.ok
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
  const [{ checkState }, { renderCheck, renderSharedCheck }, place] = await Promise.all([
    import('../../operations/state/check-state.ts'),
    import('../../operations/state/render-state.ts'),
    statePlace(context, options),
  ])
  if (place.shared !== undefined) {
    const { checkSharedState } = await import('../../operations/state/check-shared-state.ts')
    const found = await checkSharedState({ shared: place.shared, clock: context.clock })
    context.stdout(`${options.json === true ? JSON.stringify(found) : renderSharedCheck(found)}\n`)
    return found.ok ? EXIT.ok : EXIT.failed
  }
  const result = checkState(place)
  context.stdout(`${options.json === true ? JSON.stringify(result) : renderCheck(result)}\n`)
  return result.ok ? EXIT.ok : EXIT.failed
}

async function statePlace(context: CliContext, options: CommonOptions): Promise<StatePlace> {
  const config = await keptConfig(context, options.config)
  return {
    dataDir: dataDirectory(context.surroundings, options.dataDir),
    store: config?.state.store,
    shared: config?.state.shared,
  }
}
