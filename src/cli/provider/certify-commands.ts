import type { Command } from 'commander'
import { dataDirectory } from '../../config/locate.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { CertifiedTarget, Certifier } from '../../operations/certify/certify.ts'
import type { CliContext } from '../cli-context.ts'
import type { Execute } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { ProgressBar } from '../progress-bar.ts'
import { requireConfig } from '../require-config.ts'
import { requireKeyedConfig } from '../require-keyed-config.ts'

interface CertifyOptions extends CommonOptions {
  readonly full?: boolean
  readonly yes?: boolean
}

/** `switchback provider certify|certify-all|matrix`. */
export function defineCertification(group: Command, execute: Execute): void {
  withRun(group.command('certify'))
    .argument('<target>', 'provider/model')
    .summary('find out what a target can do')
    .description(
      'Makes at most 5 calls that show whether a target is alive; with --full some sixty that show what it can do, after telling what they may cost. What came of it is kept, and routes can require it (`require: { certified: true }`). Ends with 1 when something failed.',
    )
    .action(async (target: string, _options: CertifyOptions, command: { optsWithGlobals(): CertifyOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => certify(context, [target], options), options.json === true)
    })
  withRun(group.command('certify-all'))
    .summary('the same for every target that the configuration names')
    .description(
      'Certifies every target that the configuration names, one after the other. Those whose provider has no key are left out.',
    )
    .action(async (_options: CertifyOptions, command: { optsWithGlobals(): CertifyOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => certify(context, undefined, options), options.json === true)
    })
  withDataDir(withConfig(withJson(group.command('matrix'))))
    .summary('show what has been certified')
    .description(
      'Shows what came of the newest certification of every target, by what was asked, with its age and whether it still counts. Calls nobody.',
    )
    .action(async (_options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => matrix(context, options), options.json === true)
    })
}

const withRun = (command: Command): Command =>
  withDataDir(withConfig(withJson(command)))
    .option('--full', 'ask everything')
    .option('--yes', 'do not ask before money is spent')

async function certify(context: CliContext, named: readonly string[] | undefined, options: CertifyOptions): Promise<number> {
  const certifier = await openCertifier(context, options)
  const { usable, skipped } = named === undefined ? certifier.targets() : { usable: named, skipped: [] }
  for (const target of skipped) context.stderr(`switchback: ${target} is left out: its provider has no account with a key.\n`)
  if (usable.length === 0)
    throw new GatewayError(
      'config_invalid',
      'The configuration names no target that can be called. Add a route, or name one: provider certify PROVIDER/MODEL.',
    )
  if (options.full === true) await requireConsent(context, options, { certifier, targets: usable })
  const signal = untilStopped(context)
  const done: CertifiedTarget[] = []
  for (const target of usable) done.push(await certifyOne(context, options, { certifier, target, signal }))
  const ok = done.every(({ certification }) => certification.status === 'certified')
  if (options.json === true) {
    const targets = done.map(({ certification, nanoDollars, inLedger }) => ({
      ...certification,
      cost_nanos: nanoDollars,
      in_ledger: inLedger,
    }))
    context.stdout(`${JSON.stringify({ schema: 'switchback.certifications/v1', ok, targets, skipped })}\n`)
  }
  return ok ? EXIT.ok : EXIT.failed
}

/** Aborted when somebody asks the command to stop. Once more stops it at once, as ever. */
function untilStopped(context: CliContext): AbortSignal {
  const stopped = new AbortController()
  void context
    .stopRequested()
    .then((signal) =>
      stopped.abort(
        new GatewayError(
          'client_closed_request',
          `Stopped by ${signal}. Calls that were made count in the ledger; of the target at hand nothing is kept.`,
        ),
      ),
    )
  return stopped.signal
}

interface OneTarget {
  readonly certifier: Certifier
  readonly target: string
  readonly signal: AbortSignal
}

async function certifyOne(
  context: CliContext,
  options: CertifyOptions,
  { certifier, target, signal }: OneTarget,
): Promise<CertifiedTarget> {
  const [{ probesOf }, { renderCertification, renderKept, renderSpent }] = await Promise.all([
    import('../../operations/certify/certify-target.ts'),
    import('../../operations/certify/render-certification.ts'),
  ])
  const mode = options.full === true ? 'full' : 'liveness'
  const bar = new ProgressBar(context, probesOf(mode).length)
  try {
    const result = await certifier.certify(target, mode, { progress: (done, { id }) => bar.show(done, id), signal })
    bar.end()
    if (options.json !== true)
      context.stdout(`${renderCertification(result.certification)}\n${renderKept(result)}${renderSpent(result)}\n`)
    return result
  } finally {
    bar.end()
  }
}

interface Wanted {
  readonly certifier: Certifier
  readonly targets: readonly string[]
}

/** Tells what may be spent. Without somebody who can agree, it takes the option. */
async function requireConsent(context: CliContext, { yes }: CertifyOptions, { certifier, targets }: Wanted): Promise<void> {
  const { renderEstimate } = await import('../../operations/certify/render-certification.ts')
  for (const target of targets) context.stderr(`${renderEstimate(target, certifier.estimate(target, 'full'))}\n`)
  if (yes === true) return
  if (context.terminal === undefined)
    throw new GatewayError('config_invalid', 'Nothing was asked: add --yes to spend this, as nobody can be asked here.')
  const answer = await context.terminal.ask('Go on? [y/N] ')
  if (!/^y(es)?$/i.test(answer)) throw new GatewayError('config_invalid', 'Nothing was asked.')
}

async function openCertifier(context: CliContext, options: CommonOptions): Promise<Certifier> {
  const [{ Certifier: Opened }, loaded, app] = await Promise.all([
    import('../../operations/certify/certify.ts'),
    requireKeyedConfig(context, options),
    context.loadApp(),
  ])
  const { clock, version } = context
  const dataDir = dataDirectory(context.surroundings, options.dataDir)
  const makeProvider = app.providerMaker({ clock, loginsOf: dataDir, mayLeave: loaded.compiled.server.egressEnabled })
  const warn = (message: string): void => context.stderr(`switchback: warning: ${message}\n`)
  return Opened.open({ loaded, dataDir, makeProvider, clock, version, warn })
}

async function matrix(context: CliContext, options: CommonOptions): Promise<number> {
  const [{ certificationMatrix }, { renderMatrix }, { compiled }] = await Promise.all([
    import('../../operations/certify/certification-matrix.ts'),
    import('../../operations/certify/render-certification.ts'),
    requireConfig(context, { path: options.config }),
  ])
  const dataDir = dataDirectory(context.surroundings, options.dataDir)
  const targets = await certificationMatrix(compiled, dataDir, context.clock)
  const ok = targets.every(({ status, lapsed }) => status === 'certified' && lapsed === undefined)
  if (options.json === true) context.stdout(`${JSON.stringify({ schema: 'switchback.provider-matrix/v1', ok, targets })}\n`)
  else context.stdout(`${renderMatrix(targets)}\n`)
  return ok ? EXIT.ok : EXIT.failed
}
