import { createHash } from 'node:crypto'
import type { CompiledConfig } from '../config/compile.ts'
import type { AccountId, ProviderId } from '../ir/ids.ts'
import type { Secret } from '../lib/secret.ts'
import type { AccountSettings } from '../providers/provider.settings.schema.ts'

export interface RotatedKey {
  readonly provider: ProviderId
  readonly account: AccountId
  readonly key: Secret
  /** Fingerprints of the keys of configurations that it stands in for, the oldest first. */
  readonly replaces: readonly string[]
}

/** Keys of configurations that are remembered for an account. An account whose vault is written with each rotation has had one each time. */
const MOST_REPLACED = 100

/** Keys that stand in for those of the configuration, each as long as the configuration has one of those it was put in the place of. */
export class RotatedKeys {
  private readonly known = new Map<string, RotatedKey>()

  /** The account's new key, in the place of the one that `config` has and of those that the key before it stood in for. */
  inPlaceOf(config: CompiledConfig, { provider, account, key }: Omit<RotatedKey, 'replaces'>): RotatedKey {
    const configured = config.providers.find(({ id }) => id === provider)?.accounts.find(({ id }) => id === account)
    const earlier = this.known.get(nameOf(provider, account))?.replaces ?? []
    const replaced = new Set([...earlier, fingerprint(configured?.apiKey)])
    return { provider, account, key, replaces: [...replaced].slice(-MOST_REPLACED) }
  }

  put(rotated: RotatedKey): void {
    this.known.set(nameOf(rotated.provider, rotated.account), rotated)
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
    // An account that logs in by now, or has no key, is another one than whose key it was.
    if (rotated === undefined || account.apiKey === undefined) return account
    return rotated.replaces.includes(fingerprint(account.apiKey)) ? { ...account, apiKey: rotated.key } : account
  }
}

const nameOf = (provider: ProviderId, account: AccountId): string => `${provider}/${account}`

/** Tells keys apart without keeping those that are not used any more. */
const fingerprint = (key: Secret | undefined): string =>
  createHash('sha256')
    .update(key?.reveal() ?? '')
    .digest('base64url')
    .slice(0, 22)
