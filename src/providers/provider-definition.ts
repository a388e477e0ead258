import type { CredentialSource } from '../credentials/credential.types.ts'
import type { Clock } from '../lib/clock.ts'
import type { Transport } from '../transport/transport.ts'
import type { ProviderSettings, ProviderType } from './provider.settings.schema.ts'
import type { Provider } from './provider.types.ts'

/** What providers run on. */
export interface ProviderDeps {
  readonly transport: Transport
  readonly clock: Clock
  /** How the gateway calls itself to upstreams: `switchback/<version>`. */
  readonly userAgent: string
  /** Makes the credentials of accounts that have more than a fixed key. Without it there are none such. */
  readonly credentials?: CredentialSource | undefined
}

/** A type of provider: one file, registered in `registry.ts`. */
export interface ProviderDefinition {
  readonly type: ProviderType
  /** Throws `config_invalid` for settings that cannot be served. Opens nothing. */
  create(settings: ProviderSettings, deps: ProviderDeps): Provider
}
