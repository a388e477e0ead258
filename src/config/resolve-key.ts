import { Secret } from '../lib/secret.ts'
import { variable, type Environment } from './env.ts'
import { expandReferences } from './env-references.ts'
import type { ConfigPath } from './config-path.ts'
import type { ConfigNotes } from './problem.ts'
import { showVariable } from './secrecy.ts'

/** The places of the configuration that can name one key. */
export interface KeySource {
  readonly api_key_env?: string | undefined
  readonly key_env?: string | undefined
  readonly env?: string | undefined
  /** The key as written, perhaps with `${NAME}` references. */
  readonly written?: Secret | undefined
}

export type ResolvedKey =
  | { readonly kind: 'none' }
  | { readonly kind: 'key'; readonly secret: Secret }
  /** Named, and not there: `variables` are ready to be shown. */
  | { readonly kind: 'missing'; readonly variables: readonly string[] }
  /** Noted as a problem. */
  | { readonly kind: 'invalid' }

/**
 * Finds a key: the named variable first, then the written text. Two different variable names in one place, and keys that no header
 * could carry, are problems.
 */
export function resolveKey(source: KeySource, env: Environment, path: ConfigPath, notes: ConfigNotes): ResolvedKey {
  const names = [...new Set([source.api_key_env, source.key_env, source.env].filter((name) => name !== undefined))]
  const [name] = names
  if (names.length > 1) {
    notes.problem(
      path,
      '`api_key_env`, `key_env` and `env` are three spellings of the same thing and name different variables here. Keep one.',
    )
    return { kind: 'invalid' }
  }
  const fromVariable = name === undefined ? undefined : variable(env, name)
  if (fromVariable !== undefined) return checkedKey(fromVariable, path, notes)
  if (source.written !== undefined) return resolveWritten(source.written, env, path, notes)
  return name === undefined ? { kind: 'none' } : { kind: 'missing', variables: [showVariable(name)] }
}

function resolveWritten(written: Secret, env: Environment, path: ConfigPath, notes: ConfigNotes): ResolvedKey {
  const { text, missing, malformed } = expandReferences(written.reveal(), env)
  if (malformed) {
    notes.problem(path, 'A `${` in the key is no reference. Write `${NAME}` or `${NAME:-default}`, and `$${` for a plain `${`.')
    return { kind: 'invalid' }
  }
  if (missing.length > 0) return { kind: 'missing', variables: missing.map(showVariable) }
  return text.trim() === '' ? { kind: 'none' } : checkedKey(text.trim(), path, notes)
}

/** A key that a header can carry; anything else is a problem. */
export function checkedKey(key: string, path: ConfigPath, notes: ConfigNotes): ResolvedKey {
  if (/^[\x21-\x7e]+$/.test(key)) return { kind: 'key', secret: new Secret(key) }
  notes.problem(
    path,
    'The key holds spaces, line breaks or characters beyond ASCII, which no header can carry. Check what was pasted.',
  )
  return { kind: 'invalid' }
}
