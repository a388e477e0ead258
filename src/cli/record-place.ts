import { dataDirectory } from '../config/locate.ts'
import type { RecordPlace } from '../operations/open-record-source.ts'
import type { CliContext } from './cli-context.ts'
import type { CommonOptions } from './common-options.ts'
import { gatewayKey } from './gateway-key.ts'
import { keptConfig } from './kept-config.ts'

/** Where a command reads records: the gateway of `--url`, or the files of the data directory. */
export async function recordPlace(context: CliContext, options: CommonOptions): Promise<RecordPlace> {
  const { surroundings, clock, fetch } = context
  if (options.url !== undefined) return { kind: 'gateway', url: options.url, apiKey: gatewayKey(surroundings.env), fetch }
  const config = await keptConfig(context, options.config)
  return {
    kind: 'files',
    dataDir: dataDirectory(surroundings, options.dataDir),
    state: config?.state ?? { store: undefined, shared: undefined },
    clock,
  }
}
