import { InvalidArgumentError, type Command } from 'commander'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { UsageSource } from '../../operations/usage/usage-desk.ts'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition, Execute, Run } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { parametersOf, usageSource, withNames, withRange, withUsagePlace, type UsageOptions } from '../usage-options.ts'

type Parsed = { optsWithGlobals(): UsageOptions }
type Ask<Answer> = (source: UsageSource) => Promise<Answer>

const NAMES = ['provider', 'model', 'account', 'tenant', 'project', 'owner', 'key', 'session'] as const

/** `switchback usage [events|reconcile|reprice|import]`. */
export const usageCommand: CommandDefinition = {
  define(program, execute) {
    const group = program.command('usage').enablePositionalOptions()
    withNames(withRange(withUsagePlace(group), '30d'))
      .option('--by <names>', 'groups: provider, model, account, tenant, project, owner, key, session; several with commas')
      .option('--interval <unit>', 'a time series of each hour or day', parseInterval)
      .option('--limit <count>', 'at most so many groups, the dearest')
      .option('--csv', 'as a table for spreadsheets')
      .summary('tell what calls used and cost')
      .description('Tells what calls used and cost, in all and by group, and what prompt caches saved.')
      .action(async (_options: UsageOptions, command: Parsed) => {
        const options = command.optsWithGlobals()
        await execute((context) => report(context, options), options.json === true)
      })
    defineEvents(group, execute)
    defineReconcile(group, execute)
    defineReprice(group, execute)
    defineImport(group, execute)
  },
}

function defineEvents(group: Command, execute: Execute): void {
  withNames(withRange(withUsagePlace(group.command('events')), 'the beginning'))
    .option('--request <id>', 'only of this request')
    .option('--limit <count>', 'at most so many, the newest (default: 100)')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .option('--csv', 'as a table for spreadsheets')
    .summary('list the entries of the ledger')
    .description('Lists the entries of the ledger: a settlement for each attempt, what was lost, and adjustments.')
    .action(act(execute, events))
}

function defineReconcile(group: Command, execute: Execute): void {
  withRange(withUsagePlace(group.command('reconcile')), '24h')
    .summary('tell whether the ledger can be billed')
    .description(
      'Compares entries with their sums and tells what is spooled, lost or gone. Ends with 1 when the ledger is not fit for billing.',
    )
    .action(act(execute, reconcile))
}

function defineReprice(group: Command, execute: Execute): void {
  withRange(withUsagePlace(group.command('reprice')), 'must be given')
    .option('--provider <name>', 'only of this provider')
    .option('--model <glob>', 'only models that fit; * stands for any text')
    .option('--dry-run', 'tell what would change, and write nothing')
    .summary("calculate costs again by today's prices")
    .description("Calculates what attempts cost by today's price list and appends the differences. Entries are never changed.")
    .action(act(execute, reprice))
}

function defineImport(group: Command, execute: Execute): void {
  withUsagePlace(group.command('import'))
    .argument('<file>', "a provider's invoice or cost export (CSV); - for stdin")
    .requiredOption('--provider <name>', 'whose invoice it is, as the configuration names it')
    .option('--day-column <name>', 'column of the day (default: the usual names)')
    .option('--model-column <name>', 'column of the model')
    .option('--cost-column <name>', 'column of the cost in USD')
    .summary("compare a provider's invoice with the ledger")
    .description("Compares a provider's invoice with the ledger, for each model and day. Nothing is written.")
    .action(async (file: string, _options: UsageOptions, command: Parsed) => {
      const options = command.optsWithGlobals()
      await execute((context) => compare(context, file, options), options.json === true)
    })
}

/** Runs a subcommand that has options alone. */
const act =
  (execute: Execute, run: (context: CliContext, options: UsageOptions) => ReturnType<Run>) =>
  async (_options: UsageOptions, command: Parsed): Promise<void> => {
    const options = command.optsWithGlobals()
    await execute((context) => run(context, options), options.json === true)
  }

async function report(context: CliContext, options: UsageOptions): Promise<number> {
  const parameters = parametersOf(options, [...NAMES, 'since', 'until', 'by', 'interval', 'limit'])
  const data = await ask(context, options, (source) => source.report(parameters))
  const [{ renderUsage }, { usageCsv }] = await Promise.all([
    import('../../operations/usage/render-usage.ts'),
    import('../../operations/usage/usage-csv.ts'),
  ])
  tell(context, options, data, { text: () => renderUsage(data), csv: () => usageCsv(data) })
  return EXIT.ok
}

async function events(context: CliContext, options: UsageOptions): Promise<number> {
  const parameters = parametersOf(options, [...NAMES, 'since', 'until', 'request', 'limit', 'cursor'])
  const data = await ask(context, options, (source) => source.events(parameters))
  const [{ renderEvents }, { usageCsv }] = await Promise.all([
    import('../../operations/usage/render-usage.ts'),
    import('../../operations/usage/usage-csv.ts'),
  ])
  tell(context, options, data, { text: () => renderEvents(data), csv: () => usageCsv(data) })
  return EXIT.ok
}

async function reconcile(context: CliContext, options: UsageOptions): Promise<number> {
  const data = await ask(context, options, (source) => source.reconcile(parametersOf(options, ['since', 'until'])))
  const { renderReconciliation } = await import('../../operations/usage/render-usage.ts')
  tell(context, options, data, { text: () => renderReconciliation(data) })
  return data.billing_grade ? EXIT.ok : EXIT.failed
}

async function reprice(context: CliContext, options: UsageOptions): Promise<number> {
  const parameters = {
    ...parametersOf(options, ['since', 'until', 'provider', 'model']),
    dry_run: String(options['dryRun'] === true),
  }
  const data = await ask(context, options, (source) => source.reprice(parameters), 'write')
  const { renderRepricing } = await import('../../operations/usage/render-usage.ts')
  tell(context, options, data, { text: () => renderRepricing(data) })
  return EXIT.ok
}

async function compare(context: CliContext, file: string, options: UsageOptions): Promise<number> {
  const csv = await context.readText(file).catch((cause: unknown) => {
    throw new GatewayError('config_invalid', `The invoice ${file} cannot be read. Check its path.`, { cause })
  })
  const { provider, dayColumn: day_column, modelColumn: model_column, costColumn: cost_column } = options
  const data = await ask(context, options, (source) =>
    source.compareInvoice({ provider, csv, day_column, model_column, cost_column }),
  )
  const { renderInvoice } = await import('../../operations/usage/render-usage.ts')
  tell(context, options, data, { text: () => renderInvoice(data) })
  return EXIT.ok
}

async function ask<Answer>(context: CliContext, options: UsageOptions, question: Ask<Answer>, access?: 'write'): Promise<Answer> {
  const source = await usageSource(context, options, access)
  try {
    return await question(source)
  } finally {
    await source.close()
  }
}

function tell(
  context: CliContext,
  { json, csv }: UsageOptions,
  data: unknown,
  render: { readonly text: () => string; readonly csv?: () => string },
): void {
  if (csv === true && render.csv !== undefined) context.stdout(render.csv())
  else context.stdout(`${json === true ? JSON.stringify(data) : render.text()}\n`)
}

/** Commander shows the message of this error. */
function parseInterval(text: string): string {
  if (text !== 'hour' && text !== 'day') throw new InvalidArgumentError('Expected hour or day.')
  return text
}
