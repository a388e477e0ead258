import { dataDirectory } from '../../config/locate.ts'
import type { RecordPlace } from '../../operations/open-record-source.ts'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson, withUrl } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { gatewayKey } from '../gateway-key.ts'

/** `switchback explain <id|last>`. */
export const explainCommand: CommandDefinition = {
  define(program, execute) {
    withUrl(withDataDir(withConfig(withJson(program.command('explain')))))
      .argument('<request>', 'request id (x-switchback-request-id), its beginning, or "last"')
      .summary('tell what happened to a request')
      .description(
        'Tells what happened to a request: who was chosen, who was ruled out and why, who was called, what was lost, what it used.',
      )
      .action(async (which: string, _options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => explain(context, which, options), options.json === true)
      })
  },
}

async function explain(context: CliContext, which: string, options: CommonOptions): Promise<number> {
  const [{ explainRequest }, { openRecordSource }, { renderStory }] = await Promise.all([
    import('../../operations/explain-request.ts'),
    import('../../operations/open-record-source.ts'),
    import('../../operations/render-story.ts'),
  ])
  const source = await openRecordSource(await recordPlace(context, options))
  try {
    const { record, story } = await explainRequest(source, which)
    if (options.json === true) context.stdout(`${JSON.stringify({ verdict: story.verdict, steps: story.steps, record })}\n`)
    else context.stdout(`${renderStory(story)}\n`)
    return EXIT.ok
  } finally {
    await source.close()
  }
}

async function recordPlace(context: CliContext, options: CommonOptions): Promise<RecordPlace> {
  const { surroundings, clock, fetch } = context
  if (options.url !== undefined) return { kind: 'gateway', url: options.url, apiKey: gatewayKey(surroundings.env), fetch }
  return {
    kind: 'files',
    dataDir: dataDirectory(surroundings, options.dataDir),
    store: await configuredStore(context, options),
    clock,
  }
}

/** Where the configuration puts the records. One that cannot be read does not keep anybody from reading them in the usual place. */
async function configuredStore(context: CliContext, options: CommonOptions): Promise<string | undefined> {
  const { loadConfig } = await import('../../config/load.ts')
  const result = loadConfig({ ...context.surroundings, path: options.config })
  return result.ok ? result.compiled.state.store : undefined
}
