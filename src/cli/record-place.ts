import { dataDirectory } from '../config/locate.ts'
import type { RecordKeeping, RecordPlace } from '../operations/open-record-source.ts'
import type { CliContext } from './cli-context.ts'
import type { CommonOptions } from './common-options.ts'
import { gatewayKey } from './gateway-key.ts'

/** Where a command reads records: the gateway of `--url`, or the files of the data directory. */
export async function recordPlace(context: CliContext, options: CommonOptions): Promise<RecordPlace> {
  const { surroundings, clock, fetch } = context
  if (options.url !== undefined) return { kind: 'gateway', url: options.url, apiKey: gatewayKey(surroundings.env), fetch }
  return {
    kind: 'files',
    dataDir: dataDirectory(surroundings, options.dataDir),
    state: await configuredState(context, options),
    clock,
  }
}

/** Where the configuration puts the records. One that cannot be read does not keep anybody from reading them in the usual place. */
async function configuredState(context: CliContext, options: CommonOptions): Promise<RecordKeeping> {
  const { loadConfig } = await import('../config/load.ts')
  const result = loadConfig({ ...context.surroundings, path: options.config })
  return result.ok ? result.compiled.state : { store: undefined, shared: undefined }
}
