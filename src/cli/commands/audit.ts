import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { timeSpanHint, timeSpanMs } from '../../lib/time-span.ts'
import type { AuditFilter } from '../../operations/list-audit.ts'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson, withLimit, withUrl } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { operatorGateway } from '../operator-gateway.ts'
import { recordPlace } from '../record-place.ts'

interface AuditOptions extends CommonOptions {
  readonly since?: number
  readonly action?: string
  readonly actor?: string
  readonly subject?: string
  readonly tenant?: string
  readonly limit?: number
}

/** `switchback audit`. */
export const auditCommand: CommandDefinition = {
  define(program, execute) {
    withFilters(withUrl(withDataDir(withConfig(withJson(program.command('audit'))))))
      .summary('show who changed what, and who was refused')
      .description('Shows changes and refused callers, newest first: when, what, by whom, from where. No secret is among it.')
      .action(async (_options: AuditOptions, command: { optsWithGlobals(): AuditOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => audit(context, options), options.json === true)
      })
  },
}

const withFilters = (command: Command): Command =>
  withLimit(command)
    .option('--since <time>', 'not further back than this, such as 2h or 30d', parseSpan)
    .option('--action <name>', 'only this, such as key.revoke; key. for everything about keys')
    .option('--actor <id>', 'only what this one did: id of a key, name of a user')
    .option('--subject <id>', 'only what was about this: id of a key, tenant, owner, provider …')
    .option('--tenant <id>', 'only what concerns this tenant')

/** Commander shows the message of this error. */
function parseSpan(text: string): number {
  const ms = timeSpanMs(text)
  if (ms === undefined) throw new InvalidArgumentError(timeSpanHint(text))
  return ms
}

async function audit(context: CliContext, options: AuditOptions): Promise<number> {
  const [{ readAudit }, { renderAudit }, gateway] = await Promise.all([
    import('../../operations/read-audit.ts'),
    import('../../operations/render-audit.ts'),
    operatorGateway(context, options),
  ])
  const { since, action, actor, subject, tenant, limit } = options
  const sinceMs = since === undefined ? undefined : Math.floor(context.clock.wall() - since)
  const filter: AuditFilter = { action, actor, subject, tenant, limit, sinceMs }
  const place = gateway === undefined ? await recordPlace(context, options) : { kind: 'gateway' as const, ...gateway }
  const page = await readAudit(place, filter)
  context.stdout(`${options.json === true ? JSON.stringify(page) : renderAudit(page.entries)}\n`)
  return EXIT.ok
}
