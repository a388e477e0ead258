import type { Secret } from '../lib/secret.ts'
import type { AccountSettings, KeyPlace } from '../providers/provider.settings.schema.ts'
import type { CompileContext } from './compile-context.ts'
import type { ConfigPath } from './config-path.ts'
import { variable } from './env.ts'
import { configuredPath } from './locate.ts'
import type { ConfigNotes } from './problem.ts'
import { resolveKey, type KeySource } from './resolve-key.ts'
import { resolveVaultKey, type VaultedKey } from './vault-references.ts'

/** The places that can name the key of an account. */
export interface AccountKeySource extends KeySource {
  readonly api_key_vault?: string | undefined
  readonly vault?: string | undefined
  readonly key_file?: string | undefined
}

/** A key with the place it is kept in, or how to come by what is sent instead of one while the gateway runs. */
export type FoundKey =
  | Exclude<VaultedKey, { readonly kind: 'key' }>
  | { readonly kind: 'key'; readonly secret: Secret; readonly keptIn: KeyPlace }
  | { readonly kind: 'credential'; readonly settings: NonNullable<AccountSettings['credential']> }

/** The spellings of the places, in the order in which they are heeded. */
const KEY_NAMES = ['api_key_vault', 'vault', 'api_key_env', 'key_env', 'env', 'api_key', 'inline', 'key_file'] as const

/** Finds the key of an account: in the vault, else in the variable that is named, else as it is written, else in the file. */
export function findKey(source: AccountKeySource, context: CompileContext, path: ConfigPath, notes: ConfigNotes): FoundKey {
  const vaulted = source.api_key_vault ?? source.vault
  if (vaulted !== undefined) return kept(resolveVaultKey(vaulted, context, path, notes), { kind: 'vault', name: vaulted })
  const found = resolveKey(source, context.env, path, notes)
  if (source.key_file !== undefined && found.kind !== 'key' && found.kind !== 'invalid')
    return { kind: 'credential', settings: { kind: 'key_file', path: configuredPath(source.key_file, context) } }
  const name = source.api_key_env ?? source.key_env ?? source.env
  const isSet = name !== undefined && variable(context.env, name) !== undefined
  return kept(found, isSet ? { kind: 'variable', name } : { kind: 'configuration' })
}

const kept = (found: VaultedKey, keptIn: KeyPlace): FoundKey => (found.kind === 'key' ? { ...found, keptIn } : found)

/** Where the key is named below `base`; `base` itself when none is. */
export function keyPath(base: ConfigPath, value: object): ConfigPath {
  const name = KEY_NAMES.find((candidate) => Object.hasOwn(value, candidate))
  return name === undefined ? base : [...base, name]
}
