import type { CompiledConfig } from '../../config/compile.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { nearest } from '../../lib/nearest.ts'
import type { AccountSettings, ProviderSettings } from '../../providers/provider.settings.schema.ts'
import type { Provider } from '../../providers/provider.types.ts'
import { listWords } from '../story-words.ts'

/** Makes a provider of its settings, as the gateway does. */
export type MakeProvider = (settings: ProviderSettings) => Provider

/** A provider of the configuration, ready to be called past all routing. */
export interface Upstream {
  readonly provider: Provider
  /** The account that is used first. */
  readonly account: AccountSettings
  /** The model that the configuration names for diagnostics, or the first that it lists. */
  readonly usualModel: string | undefined
}

/** The settings of a provider. Throws `subject_not_found` with the nearest name. */
function providerSettings({ providers }: CompiledConfig, id: string): ProviderSettings {
  const settings = providers.find((provider) => provider.id === id)
  if (settings !== undefined) return settings
  const ids = providers.map((provider): string => provider.id)
  const meant = nearest(id, ids)
  throw new GatewayError(
    'subject_not_found',
    `The configuration has no provider of that name. ${meant === undefined ? `It has ${listWords(ids)}.` : `Did you mean ${meant}?`}`,
  )
}

/** Opens a provider for calls. Throws `subject_not_found`, and `config_invalid` when none of its accounts can be used. */
export function openUpstream({ config, compiled }: LoadedConfig, id: string, makeProvider: MakeProvider): Upstream {
  const settings = providerSettings(compiled, id)
  const [account] = settings.accounts
  if (account === undefined)
    throw new GatewayError(
      'config_invalid',
      `No account of provider ${id} has a key. Set the variable that the configuration names for it, or put the key into the vault ("switchback vault set").`,
    )
  const written = config.providers.find((provider) => provider.id === id)
  const [first] = written?.models ?? []
  const listed = typeof first === 'string' ? first : first?.name
  return { provider: makeProvider(settings), account, usualModel: written?.model_hint ?? listed }
}
