import type { Command } from 'commander'
import { dataDirectory } from '../../config/locate.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { PriceShelf } from '../../operations/price-shelf.ts'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition, Execute } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { keptConfig } from '../kept-config.ts'
import { noteAtTerminal } from '../note-at-terminal.ts'

interface ListOptions extends CommonOptions {
  readonly provider?: string
  readonly model?: string
}

interface SetOptions extends CommonOptions {
  readonly input: string
  readonly output: string
  readonly cacheRead?: string
  readonly cacheWrite5m?: string
  readonly cacheWrite1h?: string
  readonly perRequest?: string
  readonly asOf?: string
  readonly source?: string
}

interface FromOptions extends CommonOptions {
  readonly from: string
}

const NAME_HELP = "provider/model, as in a route's target; * in the model stands for anything"
const FROM_HELP = 'a file of prices (JSON); - for stdin'

/** `switchback price list|set|unset|diff|update`. */
export const priceCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('price')
      .summary('show and change what models cost')
      .description('Shows what models cost and sets prices of your own. A running gateway takes changes over within seconds.')
    defineList(group, execute)
    defineSet(group, execute)
    defineUnset(group, execute)
    defineDiff(group, execute)
    defineUpdate(group, execute)
  },
}

function defineList(group: Command, execute: Execute): void {
  withDataDir(withConfig(withJson(group.command('list'))))
    .option('--provider <name>', 'only of this provider')
    .option('--model <glob>', 'only models that fit; * stands for any text')
    .summary('list the prices in force')
    .description('Lists the prices in force: your own first, then those published with this version.')
    .action(async (_options: ListOptions, command: { optsWithGlobals(): ListOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => list(context, options), options.json === true)
    })
}

function defineSet(group: Command, execute: Execute): void {
  withDataDir(withConfig(withJson(group.command('set'))))
    .argument('<model>', NAME_HELP)
    .requiredOption('--input <usd>', 'USD per million tokens of input')
    .requiredOption('--output <usd>', 'USD per million tokens of output')
    .option('--cache-read <usd>', 'USD per million tokens read from the prompt cache (default: as input)')
    .option('--cache-write-5m <usd>', 'USD per million tokens written to the cache for five minutes')
    .option('--cache-write-1h <usd>', 'USD per million tokens written to the cache for one hour')
    .option('--per-request <usd>', 'USD for each call')
    .option('--as-of <day>', 'day the price was found, such as 2026-01-31 (default: today)')
    .option('--source <text>', 'where the price was found')
    .summary('set a price of your own')
    .description('Sets the price of a model. It stands before the published one and replaces an earlier one of yours as a whole.')
    .action(async (name: string, _options: SetOptions, command: { optsWithGlobals(): SetOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => set(context, name, options), options.json === true)
    })
}

function defineUnset(group: Command, execute: Execute): void {
  withDataDir(withConfig(withJson(group.command('unset'))))
    .argument('<model>', NAME_HELP)
    .summary('take a price of your own away')
    .description('Takes a price of your own away. The published one, if any, holds again.')
    .action(async (name: string, _options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => unset(context, name, options), options.json === true)
    })
}

function defineDiff(group: Command, execute: Execute): void {
  withDataDir(withConfig(withJson(group.command('diff'))))
    .requiredOption('--from <file>', FROM_HELP)
    .summary('show what an update would change')
    .description('Shows what "price update" would change with a file of prices, and changes nothing.')
    .action(async (_options: FromOptions, command: { optsWithGlobals(): FromOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => bring(context, options, false), options.json === true)
    })
}

function defineUpdate(group: Command, execute: Execute): void {
  withDataDir(withConfig(withJson(group.command('update'))))
    .requiredOption('--from <file>', FROM_HELP)
    .summary('take prices over from a file')
    .description(
      'Takes all prices of a file over into your own, at once or not at all. Those before are kept, as prices.json.previous or in the database.',
    )
    .action(async (_options: FromOptions, command: { optsWithGlobals(): FromOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => bring(context, options, true), options.json === true)
    })
}

async function list(context: CliContext, options: ListOptions): Promise<number> {
  const [{ listPrices }, { renderPriceList }, shelf] = await Promise.all([
    import('../../operations/price-list.ts'),
    import('../../operations/price-render.ts'),
    openShelf(context, options, 'read'),
  ])
  const { provider, model } = options
  const prices = listPrices(shelf, { now: context.clock.wall(), provider, model })
  tell(context, options, prices, () => renderPriceList(prices))
  return prices.prices.length === 0 ? EXIT.failed : EXIT.ok
}

async function set(context: CliContext, name: string, options: SetOptions): Promise<number> {
  const [{ setPrice }, { renderSetPrice }, shelf] = await Promise.all([
    import('../../operations/price-edit.ts'),
    import('../../operations/price-render.ts'),
    openShelf(context, options, 'write'),
  ])
  const typed = {
    input: options.input,
    output: options.output,
    cache_read: options.cacheRead,
    cache_write_5m: options.cacheWrite5m,
    cache_write_1h: options.cacheWrite1h,
    per_request: options.perRequest,
    as_of: options.asOf,
    source: options.source,
  }
  const result = await setPrice(shelf, { name, typed, now: context.clock.wall() })
  await noteAtTerminal(context, options, {
    action: 'price.set',
    subject: { kind: 'price', id: name },
    details: { ...result.price },
  })
  tell(context, options, { ok: true, ...shelf.told, ...result }, () => renderSetPrice(result))
  await noteStranger(context, options, { name, dataset: shelf.dataset })
  return EXIT.ok
}

/** A price for a provider that neither the configuration nor the published list has is as likely mistyped as meant for later. */
async function noteStranger(
  context: CliContext,
  { config: path }: CommonOptions,
  { name, dataset }: Pick<PriceShelf, 'dataset'> & { readonly name: string },
): Promise<void> {
  const provider = name.slice(0, name.indexOf('/'))
  const ids: readonly string[] = (await keptConfig(context, path))?.providers.map(({ id }) => id) ?? []
  if (ids.length === 0 || ids.includes(provider) || dataset.providerOf(provider, '') !== undefined) return
  const [{ nearest }, { safeText }] = await Promise.all([
    import('../../lib/nearest.ts'),
    import('../../operations/story-words.ts'),
  ])
  const meant = nearest(provider, ids)
  const hint = meant === undefined ? `It has ${ids.join(', ')}.` : `Did you mean ${meant}?`
  context.stderr(
    `switchback: note: The configuration has no provider ${safeText(provider)} that this price could be for. ${hint}\n`,
  )
}

async function unset(context: CliContext, name: string, options: CommonOptions): Promise<number> {
  const [{ unsetPrice }, { renderUnsetPrice }, shelf] = await Promise.all([
    import('../../operations/price-edit.ts'),
    import('../../operations/price-render.ts'),
    openShelf(context, options, 'write'),
  ])
  const result = await unsetPrice(shelf, name)
  await noteAtTerminal(context, options, {
    action: 'price.unset',
    subject: { kind: 'price', id: name },
    details: { ...result.removed },
  })
  tell(context, options, { ok: true, ...shelf.told, ...result }, () => renderUnsetPrice(result))
  return EXIT.ok
}

async function bring(context: CliContext, options: FromOptions, update: boolean): Promise<number> {
  const [{ diffPrices, updatePrices }, { parsePrices }, { renderPriceChanges }, shelf] = await Promise.all([
    import('../../operations/price-update.ts'),
    import('../../operations/price-file.ts'),
    import('../../operations/price-render.ts'),
    openShelf(context, options, update ? 'write' : 'read'),
  ])
  const text = await context.readText(options.from).catch((cause: unknown) => {
    throw new GatewayError('config_invalid', `The prices ${options.from} cannot be read. Check the path of --from.`, { cause })
  })
  const parts = { update: parsePrices(text, options.from === '-' ? 'stdin' : options.from), now: context.clock.wall() }
  const changes = update ? await updatePrices(shelf, parts) : diffPrices(shelf, parts)
  if (update) {
    const changed = changes.filter(({ kind }) => kind !== 'same').map(({ name }) => name)
    const details = { changed: changed.length, models: changed.slice(0, MOST_NOTED) }
    await noteAtTerminal(context, options, { action: 'price.update', subject: { kind: 'price', id: shelf.place }, details })
  }
  tell(context, options, { ok: true, ...shelf.told, changes }, () => renderPriceChanges(changes, update))
  return EXIT.ok
}

/** Names that an entry of the audit holds. */
const MOST_NOTED = 50

/** The prices of the configuration. */
async function openShelf(
  context: CliContext,
  { config: path, dataDir }: CommonOptions,
  access: 'read' | 'write',
): Promise<PriceShelf> {
  const { surroundings, clock } = context
  const [{ openPriceShelf }, config] = await Promise.all([
    import('../../operations/price-shelf.ts'),
    keptConfig(context, path, access),
  ])
  return openPriceShelf({ dataDir: dataDirectory(surroundings, dataDir), shared: config?.state.shared, clock })
}

function tell(context: CliContext, options: CommonOptions, data: unknown, render: () => string): void {
  context.stdout(`${options.json === true ? JSON.stringify(data) : render()}\n`)
}
