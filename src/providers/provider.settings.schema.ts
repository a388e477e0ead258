import type { CredentialSettings } from '../credentials/credential.types.ts'
import type { Offer } from '../ir/endpoint.ts'
import type { AccountId, ProviderId } from '../ir/ids.ts'
import type { Capabilities } from '../ir/snapshot.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { Secret } from '../lib/secret.ts'
import type { EgressPath } from '../transport/egress.settings.schema.ts'
import type { AuthScheme } from '../transport/auth-scheme.ts'

export type { AuthScheme }

/** Where the configuration has a key from. */
export type KeyPlace =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'vault'; readonly name: string }
  | { readonly kind: 'configuration' }

export interface AccountSettings {
  readonly id: AccountId
  /** Lower is preferred. */
  readonly priority: number
  /** Undefined for upstreams that need no key. */
  readonly apiKey: Secret | undefined
  /** Undefined where nothing was chosen: calls leave as the environment says. */
  readonly egress?: EgressPath | undefined
  /** Undefined where there is no key, and where nobody has said. */
  readonly keptIn?: KeyPlace | undefined
  /** How to come by what proves who calls, where that is no fixed key. */
  readonly credential?: CredentialSettings | undefined
}

export type ProviderType = 'mock' | 'openai_compatible' | 'openai' | 'anthropic' | 'gemini' | 'vertex' | 'azure' | 'bedrock'

/** One scripted model of the mock provider, on top of the built-in ones. */
export interface MockModel {
  readonly name: string
  readonly text?: string | undefined
  readonly reasoning?: string | undefined
  readonly tool?: { readonly name: string; readonly arguments: Record<string, unknown> } | undefined
  readonly failStatus?: number | undefined
  /** Fails this many calls, then serves. */
  readonly failTimes?: number | undefined
  readonly delayMs?: number | undefined
  readonly chunkDelayMs?: number | undefined
  /** Stops the stream without its end after this many text chunks. */
  readonly cutAfterChunks?: number | undefined
}

/** A provider, compiled from the configuration with its secrets resolved. */
export interface ProviderSettings {
  readonly id: ProviderId
  readonly type: ProviderType
  readonly format: WireFormat
  /** `format: auto`: what the upstream speaks is found out for each model; `format` holds until then. */
  readonly findsFormat?: boolean | undefined
  /** Without a trailing slash; for OpenAI-shaped ones with the `/v1` it needs. */
  readonly baseUrl: string
  readonly authScheme: AuthScheme
  readonly accounts: readonly AccountSettings[]
  readonly capabilities: Capabilities
  /** What it offers beside generating answers. */
  readonly offers: readonly Offer[]
  /** Lanes of all its models, and further ones of single models by name. */
  readonly tags?: readonly string[] | undefined
  readonly modelTags?: ReadonlyMap<string, readonly string[]> | undefined
  /** Declared deviations; keys are those of `WireQuirks`. */
  readonly quirks: Readonly<Record<string, unknown>>
  /** Sent with every request; may not name credentials. */
  readonly headers: Readonly<Record<string, string>>
  readonly mockModels: readonly MockModel[]
}
