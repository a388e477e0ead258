import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { dataDirectory } from '../config/locate.ts'
import type { AuditedDeed } from '../operations/audited.ts'
import type { CliContext } from './cli-context.ts'
import type { CommonOptions } from './common-options.ts'
import { recordPlace } from './record-place.ts'
import { terminalUser } from './terminal-user.ts'

/**
 * Notes in the audit what somebody with the rights to the files has done to them. They could have done it without this program, too, so an
 * audit that cannot be written is told, and undoes nothing.
 */
export async function noteAtTerminal(context: CliContext, options: CommonOptions, deed: AuditedDeed): Promise<void> {
  const { surroundings, clock } = context
  const place = await recordPlace(context, options)
  if (place.kind === 'gateway') return
  const { store, shared } = place.state
  if (store === 'memory') return
  const { openAudit, openSharedAudit, STATE_FILE } = await import('../operations/open-audit.ts')
  try {
    mkdirSync(dataDirectory(surroundings, options.dataDir), { recursive: true, mode: 0o700 })
    const audit =
      shared === undefined
        ? openAudit({ store: store ?? join(dataDirectory(surroundings, options.dataDir), STATE_FILE), clock })
        : openSharedAudit(shared.postgres, clock)
    const actor = { kind: 'terminal' as const, id: terminalUser(context) }
    try {
      await audit.append({ at: Math.floor(clock.wall()), outcome: 'done', actor, source: { via: 'command' }, ...deed })
    } finally {
      await audit.close()
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    context.stderr(`switchback: warning: This was done, and could not be noted in the audit: ${reason}\n`)
  }
}
