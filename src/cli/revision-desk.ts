import { dataDirectory } from '../config/locate.ts'
import type { RevisionDesk } from '../operations/revisions/revision-desk.ts'
import type { CliContext } from './cli-context.ts'
import type { CommonOptions } from './common-options.ts'
import { operatorGateway } from './operator-gateway.ts'
import { requireConfig } from './require-config.ts'
import { terminalUser } from './terminal-user.ts'

/** The gateway of `--url`, the one that serves from the data directory, or what gateways have left there. */
export async function revisionDesk(context: CliContext, options: CommonOptions): Promise<RevisionDesk> {
  const [{ remoteRevisions, storedRevisions }, gateway] = await Promise.all([
    import('../operations/revisions/revision-desk.ts'),
    operatorGateway(context, options),
  ])
  if (gateway !== undefined) return remoteRevisions(gateway)
  const { surroundings, clock } = context
  const [{ openConfig }, { compiled }] = await Promise.all([
    import('../operations/open-config.ts'),
    requireConfig(context, { path: options.config }),
  ])
  return storedRevisions({
    place: { dataDir: dataDirectory(surroundings, options.dataDir), config: compiled, clock, pid: process.pid },
    load: (published) => openConfig({ ...surroundings, path: options.config, published }),
    user: terminalUser(context),
  })
}
