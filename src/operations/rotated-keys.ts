import type { CompiledConfig } from '../config/compile.ts'
import type { AccountId, ProviderId } from '../ir/ids.ts'
import { sameData } from '../lib/same-data.ts'
import type { Secret } from '../lib/secret.ts'
import type { AccountSettings } from '../providers/provider.settings.schema.ts'

export interface RotatedKey {
  readonly provider: ProviderId
  readonly account: AccountId
  readonly key: Secret
}

/** Keys that stand in for those of the configuration, each as long as the configuration still has the one it stands in for. */
export class RotatedKeys {
  private readonly known = new Map<string, { readonly from: Secret | undefined; readonly to: Secret }>()

  /** Puts a key in the place of the one that `config` has, which may stand in for another already. */
  put(config: CompiledConfig, { provider, account, key }: RotatedKey): void {
    const name = nameOf(provider, account)
    const found = config.providers.find(({ id }) => id === provider)?.accounts.find(({ id }) => id === account)
    const earlier = this.known.get(name)
    const from = earlier !== undefined && sameData(earlier.to, found?.apiKey) ? earlier.from : found?.apiKey
    this.known.set(name, { from, to: key })
  }

  appliedTo(config: CompiledConfig): CompiledConfig {
    if (this.known.size === 0) return config
    const providers = config.providers.map((settings) => ({
      ...settings,
      accounts: settings.accounts.map((account) => this.ofAccount(settings.id, account)),
    }))
    return { ...config, providers }
  }

  private ofAccount(provider: ProviderId, account: AccountSettings): AccountSettings {
    const rotated = this.known.get(nameOf(provider, account.id))
    return rotated !== undefined && sameData(rotated.from, account.apiKey) ? { ...account, apiKey: rotated.to } : account
  }
}

const nameOf = (provider: ProviderId, account: AccountId): string => `${provider}/${account}`
