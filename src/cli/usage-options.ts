import { Option, type Command } from 'commander'
import { dataDirectory } from '../config/locate.ts'
import type { KeptUsage } from '../operations/usage/open-usage-source.ts'
import type { UsageSource } from '../operations/usage/usage-desk.ts'
import type { UsageParameters } from '../operations/usage/usage-query.ts'
import type { CliContext } from './cli-context.ts'
import { type CommonOptions, withConfig, withDataDir, withJson, withUrl } from './common-options.ts'
import { keptConfig } from './kept-config.ts'
import { operatorGateway } from './operator-gateway.ts'

export interface UsageOptions extends CommonOptions {
  readonly csv?: boolean
  readonly [name: string]: unknown
}

/** What every question about usage takes. */
export const withUsagePlace = (command: Command): Command => withUrl(withDataDir(withConfig(withJson(command))))

export const withRange = (command: Command, otherwise: string): Command =>
  command
    .option('--since <time>', `from when on: 7d, 36h, 2026-01-31 or an instant (default: ${otherwise})`)
    .option('--until <time>', 'until when (default: now)')

/** Filters by every name that usage is told by. */
export function withNames(command: Command): Command {
  const names = ['provider', 'model', 'account', 'tenant', 'project', 'owner', 'key', 'session']
  for (const name of names) command.addOption(new Option(`--${name} <name>`, `only of this ${name}`))
  return command
}

/** The given ones of these options, as parameters. `by` is the short name of `group_by`. */
export function parametersOf(options: UsageOptions, names: readonly string[]): UsageParameters {
  const given = names.flatMap((name) =>
    typeof options[name] === 'string' ? [[name === 'by' ? 'group_by' : name, options[name]]] : [],
  )
  return Object.fromEntries(given) as UsageParameters
}

/** The gateway that runs, else what is kept. The caller closes it. */
export async function usageSource(
  context: CliContext,
  options: CommonOptions,
  access: KeptUsage['access'] = 'read',
): Promise<UsageSource> {
  const { surroundings, clock } = context
  const [{ openUsageSource }, { providerHosts }, gateway] = await Promise.all([
    import('../operations/usage/open-usage-source.ts'),
    import('../config/provider-hosts.ts'),
    operatorGateway(context, options),
  ])
  if (gateway !== undefined) return openUsageSource(gateway)
  const config = await keptConfig(context, options.config, access)
  const hosts: ReadonlyMap<string, string> = config === undefined ? new Map() : providerHosts(config)
  return openUsageSource({
    dataDir: dataDirectory(surroundings, options.dataDir),
    state: config?.state ?? { store: undefined, shared: undefined },
    hostOf: (provider) => hosts.get(provider) ?? '',
    clock,
    access,
  })
}
