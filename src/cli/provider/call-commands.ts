import type { Command } from 'commander'
import { dataDirectory } from '../../config/locate.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { ProbeLedger } from '../../operations/certify/probe-ledger.ts'
import type { Upstream } from '../../operations/provider/open-upstream.ts'
import type { CliContext } from '../cli-context.ts'
import type { Execute } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { requireKeyedConfig } from '../require-keyed-config.ts'

interface TestOptions extends CommonOptions {
  readonly model?: string
  readonly stream?: boolean
}

/** Which providers, and the data directory of the gateway whose logins, ledger and budgets hold for calls of a command as well. */
const withPlace = (command: Command): Command => withDataDir(withConfig(withJson(command)))

/** Longest wait for a list of models. */
const LIST_TIMEOUT_MS = 30_000

/** `switchback provider models|test|doctor`. */
export function defineProviderCalls(group: Command, execute: Execute): void {
  withPlace(group.command('models'))
    .argument('<id>', "the provider's id")
    .summary('list the models that an upstream says it has')
    .description('Asks an upstream which models it has, with the key of the first account. Nothing is spent.')
    .action(async (id: string, _options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => models(context, id, options), options.json === true)
    })
  withPlace(group.command('test'))
    .argument('<id>', "the provider's id")
    .option('--model <name>', 'model to call (default: model_hint, then the first that the configuration or the upstream lists)')
    .option('--stream', 'have the answer streamed')
    .summary('make one small call and tell what happened')
    .description(
      'Makes one small call to a provider through everything that a client’s call goes through, without a running gateway, and tells what happened.',
    )
    .action(async (id: string, _options: TestOptions, command: { optsWithGlobals(): TestOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => test(context, id, options), options.json === true)
    })
  defineDoctor(group, execute)
}

interface DoctorOptions extends CommonOptions {
  readonly model?: string
}

function defineDoctor(group: Command, execute: Execute): void {
  withPlace(group.command('doctor'))
    .argument('<id>', "the provider's id")
    .option('--model <name>', 'model to call (default: model_hint, then the first that the configuration or the upstream lists)')
    .summary('find out where the way to a provider ends')
    .description(
      'Goes the way of a call step by step: name, port, handshake, HTTP, key, models, first token. Says what to do where it ends. Costs a few tokens.',
    )
    .action(async (id: string, _options: DoctorOptions, command: { optsWithGlobals(): DoctorOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => doctor(context, id, options), options.json === true)
    })
}

async function doctor(context: CliContext, id: string, options: DoctorOptions): Promise<number> {
  const [{ doctorProvider }, { knownFacts }, { renderDoctor }, loaded] = await Promise.all([
    import('../../operations/provider/doctor-provider.ts'),
    import('../../operations/provider/known-facts.ts'),
    import('../../operations/render-doctor.ts'),
    requireKeyedConfig(context, options),
  ])
  const upstream = await upstreamOf(context, options, { loaded, id })
  const books = await probeBooks(context, options, loaded)
  await books.requireBudget(upstream)
  let kept: Promise<void> | undefined
  const report = await doctorProvider({
    upstream,
    model: options.model,
    factsOf: knownFacts(loaded.compiled, id),
    clock: context.clock,
    env: context.surroundings.env,
    called: (seen, model) => void (kept = books.keep(upstream, model, (ledger) => ledger.note(seen, true))),
    mayLeave: loaded.compiled.server.egressEnabled,
  })
  await kept
  context.stdout(`${options.json === true ? JSON.stringify(report) : renderDoctor(report)}\n`)
  return report.ok ? EXIT.ok : EXIT.failed
}

async function models(context: CliContext, id: string, options: CommonOptions): Promise<number> {
  const [{ listModels }, upstream] = await Promise.all([
    import('../../operations/provider/list-models.ts'),
    requireKeyedConfig(context, options).then((loaded) => upstreamOf(context, options, { loaded, id })),
  ])
  const found = await listModels(upstream, AbortSignal.timeout(LIST_TIMEOUT_MS))
  if (found === undefined)
    throw new GatewayError(
      'config_invalid',
      `Servers like ${id} have no list of models. Its documentation tells their names; name one with --model where a command needs it.`,
    )
  if (options.json === true)
    context.stdout(`${JSON.stringify({ ok: true, provider: id, models: found.ids, cut: found.isCut })}\n`)
  else {
    const { safeText } = await import('../../operations/story-words.ts')
    for (const model of found.ids) context.stdout(`${id}/${safeText(model)}\n`)
    if (found.isCut) context.stderr('switchback: The upstream has more models than it tells at once.\n')
  }
  return EXIT.ok
}

async function test(context: CliContext, id: string, options: TestOptions): Promise<number> {
  const [{ testProvider, throwawayConfig }, { renderTest }, loaded, app] = await Promise.all([
    import('../../operations/provider/test-provider.ts'),
    import('../../operations/provider/render-test.ts'),
    requireKeyedConfig(context, options),
    context.loadApp(),
  ])
  const upstream = await upstreamOf(context, options, { loaded, id })
  const model = options.model ?? (await usualModelOf(upstream))
  const books = await probeBooks(context, options, loaded)
  await books.requireBudget(upstream)
  const gateway = await app.createGateway({
    config: throwawayConfig(loaded.compiled),
    loginsOf: dataDirOf(context, options),
    logLevel: 'silent',
  })
  try {
    const stream = options.stream === true
    const result = await testProvider(gateway, { provider: id, model, stream })
    await books.keep(upstream, model, (ledger) => result.record?.attempts.forEach((one) => ledger.noteAttempt(one, stream)))
    context.stdout(`${options.json === true ? JSON.stringify(result) : renderTest(result)}\n`)
    return result.ok ? EXIT.ok : EXIT.failed
  } finally {
    await gateway.close()
  }
}

/** Budgets and ledger of the gateways of this configuration, for calls that a command makes itself. */
async function probeBooks(context: CliContext, options: CommonOptions, loaded: LoadedConfig) {
  const [{ openProbeBudgets, openProbeLedger }, { openPrices }] = await Promise.all([
    import('../../operations/certify/open-probe-ledger.ts'),
    import('../../operations/usage/open-prices.ts'),
  ])
  const dataDir = dataDirOf(context, options)
  const warn = (message: string): void => context.stderr(`switchback: warning: ${message}\n`)
  const books = { loaded, dataDir, clock: context.clock, warn }
  return {
    requireBudget: (upstream: Upstream) => openProbeBudgets(books, upstream).requireRoom(),
    async keep(upstream: Upstream, model: string, note: (ledger: ProbeLedger) => void): Promise<void> {
      const ledger = openProbeLedger(books, upstream, {
        model,
        prices: await openPrices({ dataDir, shared: loaded.compiled.state.shared, clock: context.clock }),
      })
      note(ledger)
      await ledger.keep()
    },
  }
}

async function upstreamOf(
  context: CliContext,
  options: CommonOptions,
  { loaded, id }: { readonly loaded: LoadedConfig; readonly id: string },
): Promise<Upstream> {
  const [{ openUpstream }, app] = await Promise.all([import('../../operations/provider/open-upstream.ts'), context.loadApp()])
  const mayLeave = loaded.compiled.server.egressEnabled
  return openUpstream(loaded, id, app.providerMaker({ clock: context.clock, loginsOf: dataDirOf(context, options), mayLeave }))
}

/** Of the gateway of this machine: a login that is renewed here must not be lost to it. */
const dataDirOf = ({ surroundings }: CliContext, { dataDir }: CommonOptions): string => dataDirectory(surroundings, dataDir)

async function usualModelOf(upstream: Upstream): Promise<string> {
  const { usualModel } = await import('../../operations/provider/usual-model.ts')
  return usualModel(upstream, AbortSignal.timeout(LIST_TIMEOUT_MS))
}
