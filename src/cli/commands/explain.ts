import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { LoadedConfig } from '../../config/load.ts'
import { dataDirectory } from '../../config/locate.ts'
import type { RequestRecord } from '../../ir/record.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { describeConfigSource } from '../../operations/describe-config-source.ts'
import type { RecordSource } from '../../operations/record-source.ts'
import type { StoryCost } from '../../operations/tell-story.ts'
import type { RequestCost } from '../../operations/usage/request-cost.ts'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson, withUrl } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { recordPlace } from '../record-place.ts'
import { requireConfig } from '../require-config.ts'
import { revisionDesk } from '../revision-desk.ts'
import { usageSource } from '../usage-options.ts'

interface ExplainOptions extends CommonOptions {
  readonly replay?: boolean
  readonly against?: string
}

/** `switchback explain <id|last|session:ID> [--replay] [--against FILE]`. */
export const explainCommand: CommandDefinition = {
  define(program, execute) {
    withUrl(withDataDir(withConfig(withJson(program.command('explain')))))
      .argument('<request>', 'request id (x-switchback-request-id), its beginning, "last", or session:ID')
      .option('--replay', 'make the decision again from its record, by the revision it names (or --config)')
      .option('--against <file>', 'the decision that another configuration would have made: a file, or the number of a revision')
      .summary('tell what happened to a request')
      .description(
        'Tells what happened to a request: who was chosen, who was ruled out and why, who was called, what was lost, what it used. With --replay or --against it decides again: 0 the same, 1 not.',
      )
      .action(async (which: string, _options: ExplainOptions, command: { optsWithGlobals(): ExplainOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => explain(context, which, options), options.json === true)
      })
  },
}

const SESSION = 'session:'

async function explain(context: CliContext, which: string, options: ExplainOptions): Promise<number> {
  const again = options.replay === true || options.against !== undefined
  if (again && which.startsWith(SESSION))
    throw new GatewayError(
      'invalid_body',
      'Only one request at a time can be decided again here. "switchback replay" takes many.',
    )
  if (options.replay === true && options.against !== undefined)
    throw new GatewayError('invalid_body', 'Give --replay or --against, not both.')
  const { openRecordSource } = await import('../../operations/open-record-source.ts')
  const source = await openRecordSource(await recordPlace(context, options))
  try {
    if (again) return await decideAgain(context, which, options, source)
    if (which.startsWith(SESSION)) return await tellSession(context, which.slice(SESSION.length), options, source)
    return await tell(context, which, options, source)
  } finally {
    await source.close()
  }
}

async function tell(context: CliContext, which: string, options: ExplainOptions, source: RecordSource): Promise<number> {
  const [{ explainRequest, recordedCost }, { renderStory }] = await Promise.all([
    import('../../operations/explain-request.ts'),
    import('../../operations/render-story.ts'),
  ])
  const priced = await prices(context, options)
  const costOf = async (record: RequestRecord): Promise<StoryCost | undefined> => {
    const ledger = await settledCost(context, record.request_id, options)
    if (ledger !== undefined) return { nanoDollars: ledger.nanos, source: ledger.prices.join(', '), ledger }
    return priced === undefined ? undefined : recordedCost(record, priced.prices, priced.hosts)
  }
  const { record, story, cost } = await explainRequest(source, which, { costOf })
  if (options.json === true)
    context.stdout(`${JSON.stringify({ verdict: story.verdict, steps: story.steps, cost: cost?.ledger, record })}\n`)
  else context.stdout(`${renderStory(story)}\n`)
  return EXIT.ok
}

/** What the ledger says of a request. That it cannot be asked keeps nobody from reading a record. */
async function settledCost(context: CliContext, request: string, options: ExplainOptions): Promise<RequestCost | undefined> {
  const { requestCost } = await import('../../operations/usage/request-cost.ts')
  try {
    const source = await usageSource(context, options)
    try {
      return await requestCost(source, request)
    } finally {
      await source.close()
    }
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

/** Prices are an extra: a configuration or a price file that is no good keeps nobody from reading a record. */
async function prices(context: CliContext, options: ExplainOptions) {
  const [{ loadConfig }, { loadDecisionWorld }] = await Promise.all([
    import('../../config/load.ts'),
    import('../../operations/decision-world.ts'),
  ])
  const loaded = loadConfig({ ...context.surroundings, path: options.config })
  if (!loaded.ok) return undefined
  const dataDir = dataDirectory(context.surroundings, options.dataDir)
  return loadDecisionWorld({ config: loaded.compiled, dataDir, clock: context.clock, at: context.clock.wall() }).catch(
    () => undefined,
  )
}

async function tellSession(context: CliContext, id: string, options: ExplainOptions, source: RecordSource): Promise<number> {
  const [{ explainSession }, { renderSession }] = await Promise.all([
    import('../../operations/explain-request.ts'),
    import('../../operations/render-session.ts'),
  ])
  const session = await explainSession(source, id)
  context.stdout(`${options.json === true ? JSON.stringify(session) : renderSession(session)}\n`)
  return EXIT.ok
}

/** The configuration that decides again: what was named, else the revision that the record names, else what is found here. */
async function configFor(
  context: CliContext,
  { revision, config_hash: hash }: RequestRecord,
  options: ExplainOptions,
): Promise<LoadedConfig> {
  const { surroundings } = context
  const { against, config } = options
  if (against !== undefined && REVISION.test(against) && !existsSync(resolve(surroundings.cwd, against)))
    return requireRevision(context, Number(against), options)
  const found = await requireConfig(context, { path: against ?? config })
  if (against !== undefined || config !== undefined || revision === 0 || found.compiled.routing.configHash === hash) return found
  // What cannot be had any more, or by this key, is decided by what is here, which the answer says.
  return requireRevision(context, revision, options).catch((error: unknown) => {
    if (error instanceof GatewayError) return found
    throw error
  })
}

async function requireRevision(context: CliContext, revision: number, options: ExplainOptions): Promise<LoadedConfig> {
  const [{ loadRevision }, { formatProblem }, desk] = await Promise.all([
    import('../../operations/revisions/revision-config.ts'),
    import('../../config/problem.ts'),
    revisionDesk(context, options),
  ])
  const loaded = await loadRevision(desk, revision, { ...context.surroundings, path: options.config })
  if (loaded.ok) return loaded
  const lines = loaded.problems.map((problem) => `  ${formatProblem(problem)}`)
  throw new GatewayError('config_invalid', `Revision ${revision} cannot be decided by here:\n${lines.join('\n')}`)
}

const REVISION = /^[1-9]\d{0,14}$/

async function decideAgain(context: CliContext, which: string, options: ExplainOptions, source: RecordSource): Promise<number> {
  const [{ findRecord }, { Replayer }, { renderReplayed }, { loadDecisionWorld }] = await Promise.all([
    import('../../operations/explain-request.ts'),
    import('../../operations/replay-decision.ts'),
    import('../../operations/render-replay.ts'),
    import('../../operations/decision-world.ts'),
  ])
  const record = await findRecord(source, which)
  const { compiled, source: found } = await configFor(context, record, options)
  const dataDir = dataDirectory(context.surroundings, options.dataDir)
  const replayer = new Replayer(
    await loadDecisionWorld({ config: compiled, dataDir, clock: context.clock, at: record.started_at }),
  )
  const replayed = options.against === undefined ? replayer.again(record) : replayer.against(record)
  const by = found.kind === 'published' ? `revision ${found.revision}` : describeConfigSource(found)
  if (options.json === true) context.stdout(`${JSON.stringify({ request_id: record.request_id, ...replayed })}\n`)
  else context.stdout(`${renderReplayed(record.request_id, replayed, by)}\n`)
  return replayed.verdict === 'identical' || replayed.verdict === 'same' ? EXIT.ok : EXIT.failed
}
