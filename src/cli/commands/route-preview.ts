import { Option } from 'commander'
import { dataDirectory } from '../../config/locate.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { RouteDecision } from '../../ir/decision.ts'
import { WIRE_FORMATS, type WireFormat } from '../../ir/wire-format.ts'
import type { PreviewQuestion } from '../../operations/preview-route.ts'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson, withUrl } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { gatewayKey } from '../gateway-key.ts'
import { requireConfig } from '../require-config.ts'

interface PreviewOptions extends CommonOptions {
  readonly model?: string
  readonly body?: string
  readonly format?: WireFormat
  readonly stream?: boolean
}

/** `switchback route-preview --model M [--body F] [--stream]`. */
export const routePreviewCommand: CommandDefinition = {
  define(program, execute) {
    withUrl(withDataDir(withConfig(withJson(program.command('route-preview')))))
      .option('--model <name>', 'model to ask for')
      .option('--body <file>', "a client's body, in any format; - for stdin")
      .addOption(new Option('--format <format>', 'format of the body (default: guessed)').choices([...WIRE_FORMATS]))
      .option('--stream', 'as a streamed call')
      .summary('show where a call would go')
      .description(
        'Shows the decision for a call without calling anyone: from the configuration, or with --url from a running gateway and its state.',
      )
      .action(async (_options: PreviewOptions, command: { optsWithGlobals(): PreviewOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => preview(context, options), options.json === true)
      })
  },
}

async function preview(context: CliContext, options: PreviewOptions): Promise<number> {
  const question: PreviewQuestion = {
    model: options.model,
    format: options.format,
    stream: options.stream,
    body: await readBody(context, options.body),
  }
  const decision =
    options.url === undefined ? await decideHere(context, options, question) : await askGateway(context, options.url, question)
  if (options.json === true) context.stdout(`${JSON.stringify(decision)}\n`)
  else {
    const { renderDecision } = await import('../../operations/render-decision.ts')
    context.stdout(`${renderDecision(decision)}\n`)
  }
  return decision.selected === null ? EXIT.failed : EXIT.ok
}

async function readBody(context: CliContext, path: string | undefined): Promise<unknown> {
  if (path === undefined) return undefined
  const text = await context.readText(path).catch((cause: unknown) => {
    throw new GatewayError('invalid_body', `The body ${path} cannot be read. Check the path of --body.`, { cause })
  })
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new GatewayError('invalid_json', `The body ${path} is no valid JSON.`, { cause })
  }
}

async function askGateway(context: CliContext, url: string, question: PreviewQuestion): Promise<RouteDecision> {
  const { previewRemotely } = await import('../../operations/preview-remotely.ts')
  return previewRemotely({ url, apiKey: gatewayKey(context.surroundings.env), fetch: context.fetch }, question)
}

async function decideHere(context: CliContext, options: PreviewOptions, question: PreviewQuestion): Promise<RouteDecision> {
  const { compiled } = await requireConfig(context, { path: options.config })
  const [app, { previewRoute }, { certificationPlace, heldCertifications }] = await Promise.all([
    context.loadApp(),
    import('../../operations/preview-route.ts'),
    import('../../operations/certify/held-certifications.ts'),
  ])
  // Nothing is recorded, so the gateway's own database stays untouched.
  const config = { ...compiled, state: { ...compiled.state, store: 'memory', shared: undefined } }
  const gateway = await app.createGateway({ config, logLevel: 'silent' })
  try {
    const { engine, prices, certifications } = gateway
    const pricePlace = {
      dataDir: dataDirectory(context.surroundings, options.dataDir),
      shared: compiled.state.shared,
      clock: context.clock,
    }
    const requestId = `req_${crypto.randomUUID().replaceAll('-', '')}`
    const certified = await heldCertifications(certificationPlace(compiled, pricePlace.dataDir), context.clock)
    const parts = { engine, prices, certifications, certified, codecs: app.codecs }
    return await previewRoute({ ...parts, pricePlace, question, principal: { role: 'admin' }, requestId })
  } finally {
    await gateway.close()
  }
}
