import { InvalidArgumentError, type Command } from 'commander'
import type { NamedRevision } from '../../operations/revisions/revision-desk.ts'
import type { PublishBody } from '../../operations/revisions/publish-order.ts'
import type { CliContext } from '../cli-context.ts'
import type { Execute } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson, withLimit, withUrl } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { revisionDesk } from '../revision-desk.ts'

interface OrderOptions extends CommonOptions {
  readonly note?: string
  readonly ifRevision?: number | 'none'
  readonly dryRun?: boolean
}

interface HistoryOptions extends CommonOptions {
  readonly limit?: number
}

const REVISION_HELP = 'number of a revision; published: the published one; current: the one at work'

/** `switchback config publish|rollback|withdraw|history|show|diff`. */
export function defineRevisionCommands(group: Command, execute: Execute): void {
  withOrder(withPlace(group.command('publish')))
    .argument('[file]', 'configuration to publish (default: that of --config)')
    .summary('give all gateways this configuration')
    .description(
      'Puts a configuration file, with the policy tests it names, in the place of the own configuration of every gateway that shares the state, within a second and for every start to come. How a gateway listens, and where its state, ledger and vault are, stays its own. Secrets in plain are refused.',
    )
    .action(async (file: string | undefined, _options: OrderOptions, command: { optsWithGlobals(): OrderOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => publish(context, options, file), options.json === true)
    })
  withOrder(withPlace(group.command('rollback')))
    .argument('<revision>', 'number of a revision of the history', parseRevision)
    .summary('give all gateways an earlier revision again')
    .description('Publishes a revision of the history again.')
    .action(async (revision: number, _options: OrderOptions, command: { optsWithGlobals(): OrderOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => send(context, options, {}, revision), options.json === true)
    })
  withOrder(withPlace(group.command('withdraw')))
    .summary('have every gateway follow its own configuration again')
    .description('Withdraws what is published: every gateway serves by its own configuration file again.')
    .action(order(execute, async (context, options: OrderOptions) => send(context, options, {}, 'none')))
  withLimit(withPlace(group.command('history')))
    .summary('list the revisions of the configuration')
    .description('Lists the configurations that gateways have served by, and which was published by whom, newest first.')
    .action(order(execute, async (context, options: HistoryOptions) => history(context, options)))
  withPlace(group.command('show'))
    .argument('<revision>', REVISION_HELP, parseNamed)
    .summary('print a revision')
    .description('Prints a revision as it was written, without its secrets.')
    .action(async (revision: NamedRevision, _options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => show(context, options, revision), options.json === true)
    })
  withPlace(group.command('diff'))
    .argument('[from]', REVISION_HELP, parseNamed, 'current')
    .argument('[to]', 'the same; without it the configuration file', parseNamed)
    .summary('show in which lines two revisions differ')
    .description(
      'Shows the lines in which a revision differs from another one, or from the configuration file. Exits with 1 when they do.',
    )
    .action(
      async (
        from: NamedRevision,
        to: NamedRevision | undefined,
        _options: CommonOptions,
        command: { optsWithGlobals(): CommonOptions },
      ) => {
        const options = command.optsWithGlobals()
        await execute((context) => diff(context, options, { from, to }), options.json === true)
      },
    )
}

const withPlace = (command: Command): Command => withUrl(withDataDir(withConfig(withJson(command))))

const withOrder = (command: Command): Command =>
  command
    .option('--note <text>', 'why, for the history')
    .option('--if-revision <number>', 'only in the place of this revision; none: only when none is published', parseExpected)
    .option('--dry-run', 'check it only, and change nothing')

const order =
  <Options extends CommonOptions>(execute: Execute, run: (context: CliContext, options: Options) => Promise<number>) =>
  async (_options: Options, command: { optsWithGlobals(): Options }): Promise<void> => {
    const options = command.optsWithGlobals()
    await execute((context) => run(context, options), options.json === true)
  }

/** Commander shows the messages of these errors. */
function parseRevision(text: string): number {
  const revision = Number(text)
  if (/^\d{1,15}$/.test(text) && revision > 0) return revision
  throw new InvalidArgumentError('Expected the number of a revision, as "switchback config history" shows it.')
}

const parseNamed = (text: string): NamedRevision => (text === 'published' || text === 'current' ? text : parseRevision(text))

const parseExpected = (text: string): number | 'none' => (text === 'none' ? text : parseRevision(text))

async function publish(context: CliContext, options: OrderOptions, file: string | undefined): Promise<number> {
  const { readConfigText } = await import('../../operations/revisions/config-text.ts')
  const { path, document, policyFiles } = readConfigText(context.surroundings, file ?? options.config)
  return send(context, options, { document, policy_files: policyFiles, file: path })
}

async function send(context: CliContext, options: OrderOptions, body: PublishBody, revision?: number | 'none'): Promise<number> {
  const { note, ifRevision, dryRun } = options
  const [{ renderPublished }, desk] = await Promise.all([
    import('../../operations/revisions/render-revisions.ts'),
    revisionDesk(context, options),
  ])
  const published = await desk.publish({ ...body, note, if_revision: ifRevision, dry_run: dryRun }, revision)
  for (const warning of published.warnings) context.stderr(`switchback: warning: ${warning}\n`)
  context.stdout(
    `${options.json === true ? JSON.stringify({ ...published, told: desk.told }) : renderPublished(published, desk.told)}\n`,
  )
  return published.replicas.some(({ current }) => current === false) ? EXIT.failed : EXIT.ok
}

async function history(context: CliContext, options: HistoryOptions): Promise<number> {
  const [{ renderHistory }, desk] = await Promise.all([
    import('../../operations/revisions/render-revisions.ts'),
    revisionDesk(context, options),
  ])
  const found = await desk.history({ limit: options.limit ?? 100 })
  context.stdout(`${options.json === true ? JSON.stringify(found) : renderHistory(found)}\n`)
  return EXIT.ok
}

async function show(context: CliContext, options: CommonOptions, revision: NamedRevision): Promise<number> {
  const found = await (await revisionDesk(context, options)).show(revision)
  context.stdout(options.json === true ? `${JSON.stringify(found)}\n` : found.document)
  return EXIT.ok
}

async function diff(
  context: CliContext,
  options: CommonOptions,
  { from, to }: { readonly from: NamedRevision; readonly to: NamedRevision | undefined },
): Promise<number> {
  const [{ lineDiff }, { keptText, readConfigText }, desk] = await Promise.all([
    import('../../lib/line-diff.ts'),
    import('../../operations/revisions/config-text.ts'),
    revisionDesk(context, options),
  ])
  const { document: before, source } = await desk.show(from)
  const headers = source === 'published' ? 'telling' : 'all'
  const after =
    to === undefined ? keptText(readConfigText(context.surroundings, options.config), headers) : (await desk.show(to)).document
  const lines = lineDiff(before, after)
  if (options.json === true) context.stdout(`${JSON.stringify({ ok: true, same: lines.length === 0, lines })}\n`)
  else context.stdout(lines.length === 0 ? 'They are the same.\n' : `${lines.join('\n')}\n`)
  return lines.length === 0 ? EXIT.ok : EXIT.failed
}
