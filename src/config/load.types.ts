import type { VaultSettings } from '../vault/vault.schema.ts'
import type { CompiledConfig } from './compile.ts'
import type { ProcessSurroundings } from './env.ts'
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'
import type { VaultView } from './vault-view.ts'

/** Where a configuration came from, for the banner. */
export type ConfigSource =
  | { readonly kind: 'file'; readonly path: string }
  /** Made up from provider keys in these variables. */
  | { readonly kind: 'environment'; readonly variables: readonly string[] }
  /** Neither file nor keys: the mock. */
  | { readonly kind: 'builtin' }
  /** Handed over by a program that embeds the gateway. */
  | { readonly kind: 'object' }
  /** Published for all gateways of the state, with this gateway's own settings from `own`. */
  | { readonly kind: 'published'; readonly revision: number; readonly own: ConfigSource }

/** The files a configuration is read from. */
export interface ConfigFiles {
  /** Undefined when there is no such file; throws when there is one that cannot be read. */
  readText(path: string): string | undefined
}

export interface LoadConfigOptions extends ProcessSurroundings {
  /** `--config`; without it the search path is used. */
  readonly path?: string | undefined
  /** `--bind`; stands in for `server.bind`. */
  readonly bind?: string | undefined
  readonly files?: ConfigFiles | undefined
  /** The opened vault (`operations/open-config.ts`); without it, accounts with keys from there are left out without a word. */
  readonly vault?: VaultView | undefined
  /** Stands in for everything but what is each gateway's own (`own-settings.ts`). */
  readonly published?: PublishedConfig | undefined
}

export interface LoadedConfig {
  readonly ok: true
  readonly source: ConfigSource
  readonly config: Config
  readonly compiled: CompiledConfig
  readonly warnings: readonly ConfigProblem[]
}

export interface RefusedConfig {
  readonly ok: false
  /** Undefined when no file was found where one was named. */
  readonly source: ConfigSource | undefined
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  /** Where its vault is, as far as it could be read. */
  readonly vault: VaultSettings | undefined
}

export type LoadResult = LoadedConfig | RefusedConfig

/** A configuration that was published for all gateways of a state. */
export interface PublishedConfig {
  readonly revision: number
  /** How problems name it. Default: by its revision. */
  readonly name?: string | undefined
  /** YAML, without secrets. */
  readonly document: string
  /** Texts of its policy tests, by the names that it gives them. */
  readonly policyFiles: Readonly<Record<string, string>>
}
