import { isObject } from '../ir/json.ts'
import type { VaultSettings } from '../vault/vault.schema.ts'
import type { CompileContext, ConfigParts } from './compile-context.ts'
import type { ConfigPath } from './config-path.ts'
import { configuredPath, defaultVaultPath } from './locate.ts'
import type { ConfigNotes } from './problem.ts'
import { checkedKey, type ResolvedKey } from './resolve-key.ts'
import { looksSecret, showText } from './secrecy.ts'

/** A key that may be in a vault which nobody has opened. */
export type VaultedKey = ResolvedKey | { readonly kind: 'sealed' }

/** Keys whose values are names of secrets in the vault. */
const VAULT_KEY = /(^|_)vault$/

/** Where the vault is, and every secret of it that the configuration names. */
export function compileVault(parts: ConfigParts, context: CompileContext): VaultSettings {
  const { path, keychain_service: keychainService } = parts.vault
  const { baseDirectory, home, env } = context
  return {
    path: path === undefined ? defaultVaultPath({ env, home }) : configuredPath(path, { baseDirectory, home }),
    keychainService,
    names: [...new Set(parts.providers.flatMap(({ value }) => namesIn(value)))],
  }
}

function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' ? (VAULT_KEY.test(key) && !looksSecret(inner) ? [inner] : []) : namesIn(inner),
  )
}

/**
 * A key that the vault holds. One that is not there is a problem: whoever took the trouble to put keys away wants to hear of it. While
 * nobody has opened the vault the key is `sealed`.
 */
export function resolveVaultKey(name: string, { vault }: CompileContext, path: ConfigPath, notes: ConfigNotes): VaultedKey {
  if (looksSecret(name)) {
    notes.problem(
      path,
      'This looks like a key itself. Write the name under which the vault keeps it, and store it with "switchback vault set NAME".',
    )
    return { kind: 'invalid' }
  }
  if (vault === undefined) return { kind: 'sealed' }
  if (vault.kind === 'shut') {
    notes.problem(path, `The key ${showText(name)} is in the vault, which cannot be opened. ${vault.reason}`)
    return { kind: 'invalid' }
  }
  const secret = vault.entries.get(name)
  if (secret !== undefined) return checkedKey(secret.reveal(), path, notes)
  notes.problem(
    path,
    `The vault holds no ${showText(name)}. Store it with "switchback vault set ${name}"; "switchback vault list" shows the names there are.`,
    { found: showText(name) },
  )
  return { kind: 'invalid' }
}
