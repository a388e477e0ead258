import { Option } from 'commander'
import type { CompiledConfig } from '../../config/compile.ts'
import type { ConfigSource } from '../../config/load.ts'
import { dataDirectory } from '../../config/locate.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { describeConfigSource } from '../../operations/describe-config-source.ts'
import { exampleModel } from '../../operations/example-model.ts'
import { type CliContext, type CommandGateway, type CommandGatewayOptions, LOG_LEVELS } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { requireConfig } from '../require-config.ts'
import { type BannerFacts, serveBanner } from '../serve-banner.ts'

interface ServeOptions extends CommonOptions {
  readonly bind?: string
  readonly logLevel?: CommandGatewayOptions['logLevel']
}

/** `switchback serve`. */
export const serveCommand: CommandDefinition = {
  define(program, execute) {
    withDataDir(withConfig(withJson(program.command('serve'))))
      .option('--bind <host:port>', 'address to listen on (default: server.bind, then 127.0.0.1:8765)')
      .addOption(
        new Option('--log-level <level>', 'what goes to stderr; info adds a line for each request (default: warn)').choices([
          ...LOG_LEVELS,
        ]),
      )
      .summary('serve until stopped')
      .description(
        'Serves until it is stopped. SIGTERM or Ctrl-C finishes running requests first; a second one stops at once. A change of the configuration file is taken over while it serves; SIGHUP reads it at once.',
      )
      .action(async (_options: ServeOptions, command: { optsWithGlobals(): ServeOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => serve(context, options), options.json === true)
      })
  },
}

async function serve(context: CliContext, options: ServeOptions): Promise<number> {
  const loaded = await requireConfig(context, { path: options.config, bind: options.bind })
  const dataDir = dataDirectory(context.surroundings, options.dataDir)
  const { workers } = loaded.compiled.server
  if (workers === 1 || context.worker !== undefined)
    return serveHere(context, options, { config: loaded.compiled, source: loaded.source, dataDir })
  const { serveWithWorkers } = await import('../serve-with-workers.ts')
  return serveWithWorkers(context, { count: workers, dataDir, announce: (facts) => announce(context, options, facts) })
}

interface ServeHere {
  readonly config: CompiledConfig
  readonly source: ConfigSource
  readonly dataDir: string
}

/** Serves in this process. */
async function serveHere(context: CliContext, options: ServeOptions, { config, source, dataDir }: ServeHere): Promise<number> {
  const stop = context.stopRequested()
  const [app, { openConfig }] = await Promise.all([context.loadApp(), import('../../operations/open-config.ts')])
  const path = source.kind === 'file' ? source.path : undefined
  const tell = (line: string): void => context.stderr(`switchback: ${line}\n`)
  const gateway = await app.createGateway({
    config,
    dataDir,
    logLevel: options.logLevel ?? 'warn',
    worker: context.worker?.number,
    load: (published) => openConfig({ ...context.surroundings, path, bind: options.bind, published }),
    tell,
  })
  const { url, port } = await listen(gateway, config.server)
  const serving = gateway.serving()
  const facts = bannerFacts(context, { config: serving.config, source: serving.source ?? source }, { url, dataDir })
  if (context.worker === undefined) announce(context, options, facts)
  else context.worker.listens({ url, host: config.server.host, port, facts })
  const unfollow = await follow(context, gateway, { path, tell })
  await finish(context, gateway, stop)
  unfollow()
  return EXIT.ok
}

function bannerFacts(
  context: CliContext,
  { config, source }: Pick<ServeHere, 'config' | 'source'>,
  { url, dataDir }: Pick<BannerFacts, 'url'> & Pick<ServeHere, 'dataDir'>,
): BannerFacts {
  const { state, providers, server } = config
  return {
    version: context.version,
    url,
    configuration: describeConfigSource(source),
    data: dataText(state, dataDir),
    providers: providers.map(({ id }) => id),
    model: exampleModel(config),
    keyed: server.apiKeys.length > 0,
  }
}

function dataText({ store, shared }: CompiledConfig['state'], dataDir: string): string {
  if (store === 'memory') return `${dataDir}; request records in memory`
  if (shared === undefined) return dataDir
  const { host, port, database } = shared.postgres
  return `${dataDir}; shared in PostgreSQL database ${database} at ${host}:${port}`
}

function announce(context: CliContext, options: ServeOptions, facts: BannerFacts): void {
  if (options.json === true) context.stdout(`${JSON.stringify({ event: 'listening', ...facts })}\n`)
  else context.stderr(serveBanner(facts))
}

async function listen(
  gateway: CommandGateway,
  bind: { readonly host: string; readonly port: number },
): Promise<{ readonly url: string; readonly port: number }> {
  try {
    return await gateway.listen()
  } catch (error) {
    await gateway.close()
    throw await listenError(error, bind)
  }
}

/** A system error in words; a taken port names who has it. */
async function listenError(error: unknown, bind: { readonly host: string; readonly port: number }): Promise<unknown> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const address = `${bind.host}:${bind.port}`
  if (code === 'EADDRINUSE') {
    const { describePortOwner } = await import('../../operations/find-port-owner.ts')
    const who = await describePortOwner(bind.port)
    return new GatewayError(
      'address_in_use',
      `${address} is taken by ${who} Stop it, or choose another address with --bind ${bind.host}:<port>.`,
      { cause: error },
    )
  }
  if (code === 'EACCES') {
    return new GatewayError(
      'config_invalid',
      `This user may not listen on ${address}. Ports below 1024 need special rights: choose a higher one with --bind.`,
      { cause: error },
    )
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new GatewayError('config_invalid', `${bind.host} is no address of this machine. Correct server.bind or --bind.`, {
      cause: error,
    })
  }
  return error
}

/** Takes over what changes in the configuration file, and what there is when the process is told to look. Returns what ends that. */
async function follow(
  context: CliContext,
  gateway: CommandGateway,
  { path, tell }: { readonly path: string | undefined; readonly tell: (line: string) => void },
): Promise<() => void> {
  const { followConfig } = await import('../../operations/follow-config.ts')
  const follower = followConfig({ gateway, path, clock: context.clock, tell })
  const deafen = context.onHangUp(() => void follower.reload())
  return () => {
    deafen()
    follower.stop()
  }
}

/** Waits to be told to stop, then lets running requests end. A second signal does not wait any longer. */
async function finish(context: CliContext, gateway: CommandGateway, stop: Promise<string>): Promise<void> {
  const signal = await stop
  const impatient = context.stopRequested()
  if (context.worker === undefined)
    context.stderr(`switchback: ${signal}: taking no new requests, finishing those that run. Once more to stop at once.\n`)
  await Promise.race([gateway.close(), impatient])
}
