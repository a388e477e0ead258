import { dataDirectory } from '../config/locate.ts'
import type { RevisionDesk } from '../operations/revisions/revision-desk.ts'
import type { CliContext } from './cli-context.ts'
import type { CommonOptions } from './common-options.ts'
import { operatorGateway } from './operator-gateway.ts'
import { requireConfig } from './require-config.ts'
import { terminalUser } from './terminal-user.ts'

/**
 * The gateway of `--url`, or the one that serves from the data directory where there is a key for it; else the state itself, which whoever has
 * the rights to it may change beside gateways.
 */
export async function revisionDesk(context: CliContext, options: CommonOptions): Promise<RevisionDesk> {
  const [{ remoteRevisions, storedRevisions }, gateway] = await Promise.all([
    import('../operations/revisions/revision-desk.ts'),
    operatorGateway(context, options),
  ])
  if (gateway !== undefined && (options.url !== undefined || gateway.apiKey !== undefined)) return remoteRevisions(gateway)
  const { surroundings, clock } = context
  const [{ openConfig }, { compiled }] = await Promise.all([
    import('../operations/open-config.ts'),
    requireConfig(context, { path: options.config }),
  ])
  return storedRevisions({
    place: { dataDir: dataDirectory(surroundings, options.dataDir), config: compiled, clock, pid: process.pid },
    load: (published) => openConfig({ ...surroundings, path: options.config, published }),
    user: terminalUser(context),
    gateway,
  })
}
