import type { LoadedConfig } from '../../config/load.ts'
import type { ProviderConfig } from '../../providers/provider.schema.ts'
import type { ProviderSettings } from '../../providers/provider.settings.schema.ts'
import { egressName } from '../../transport/egress.settings.schema.ts'

/** A provider of the configuration, without its secrets. */
export interface ListedProvider {
  readonly id: string
  readonly type: string
  readonly format: string
  /** Without its query, which may hold a key. */
  readonly base_url: string
  /** Accounts that can be used, by name. */
  readonly accounts: readonly string[]
  /** Accounts of the configuration that cannot, because their key is missing. */
  readonly unusable: readonly string[]
  /** Ways out of accounts that leave by one of `egress`, by account. Its address may hold a password and is not told. */
  readonly egress?: Readonly<Record<string, string>> | undefined
  /** Names that the configuration lists. */
  readonly models: readonly string[]
  readonly model_hint?: string | undefined
}

/** The providers that the configuration serves with, in its order; those that it only implies come last. */
export function listProviders({ config, compiled }: LoadedConfig): ListedProvider[] {
  return compiled.providers.map((settings) =>
    listed(
      settings,
      config.providers.find(({ id }) => id === settings.id),
    ),
  )
}

function listed(settings: ProviderSettings, written: ProviderConfig | undefined): ListedProvider {
  const usable = settings.accounts.map(({ id }): string => id)
  const named = written === undefined || written.accounts.length === 0 ? ['default'] : written.accounts.map(({ id }) => id)
  return {
    id: settings.id,
    type: settings.type,
    format: settings.format,
    base_url: settings.baseUrl.replace(/\?.*$/s, ''),
    accounts: usable,
    unusable: named.filter((id) => !usable.includes(id)),
    ...egressOf(settings),
    models: (written?.models ?? []).map((model) => (typeof model === 'string' ? model : model.name)),
    ...(written?.model_hint === undefined ? {} : { model_hint: written.model_hint }),
  }
}

function egressOf({ accounts }: ProviderSettings): Pick<ListedProvider, 'egress'> {
  const ways = accounts.flatMap(({ id, egress }): [string, string][] => {
    const name = egressName(egress)
    return name === undefined ? [] : [[id, name]]
  })
  return ways.length === 0 ? {} : { egress: Object.fromEntries(ways) }
}
