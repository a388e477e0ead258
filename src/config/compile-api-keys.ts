import { createHash } from 'node:crypto'
import type { ApiKeySettings } from '../http/server.settings.schema.ts'
import { asApiKeyId, asTenantId } from '../ir/ids.ts'
import { nearest } from '../lib/nearest.ts'
import type { CompileContext, ConfigParts, Located } from './compile-context.ts'
import type { ConfigPath } from './config-path.ts'
import type { ConfigNotes } from './problem.ts'
import { resolveKey, type KeySource } from './resolve-key.ts'
import { showText } from './secrecy.ts'
import type { ApiKeyConfig } from '../http/server.schema.ts'

interface UnusableKey {
  readonly path: ConfigPath
  readonly variables: readonly string[]
}

/**
 * Every key that admits clients, as hashes. A key whose variable is unset is skipped with a warning; when that leaves none, it is a
 * problem, because a gateway that was to be closed would be open.
 */
export function compileApiKeys(parts: ConfigParts, context: CompileContext, notes: ConfigNotes): ApiKeySettings[] {
  const keys: ApiKeySettings[] = []
  const unusable: UnusableKey[] = []
  const { server } = parts
  const shared = resolveKey({ ...server, written: server.api_key }, context.env, keyPathOf(['server'], server), notes)
  if (shared.kind === 'key') keys.push(settingsOf(sha256(shared.secret.reveal()), { role: 'admin' }))
  if (shared.kind === 'missing') unusable.push({ path: keyPathOf(['server'], server), variables: shared.variables })
  if (shared.kind === 'none' && server.api_key !== undefined) unusable.push({ path: ['server', 'api_key'], variables: [] })
  for (const entry of parts.apiKeys) {
    checkTenant(entry, parts, notes)
    const hash = hashOf(entry, context, notes, unusable)
    if (hash === undefined) continue
    const earlier = keys.findIndex((key) => key.sha256 === hash)
    if (earlier === -1) keys.push(settingsOf(hash, entry.value))
    else
      notes.problem(
        entry.path,
        'This key is the same as one before it, so it would be unclear whom it belongs to. Give every entry a key of its own.',
      )
  }
  tellUnusable(unusable, keys.length, notes)
  return withDistinctIds(keys)
}

function hashOf(
  entry: Located<ApiKeyConfig>,
  context: CompileContext,
  notes: ConfigNotes,
  unusable: UnusableKey[],
): string | undefined {
  const { value, path } = entry
  const namesVariable = value.api_key_env !== undefined || value.key_env !== undefined || value.env !== undefined
  const sources = [value.key !== undefined, namesVariable, value.key_hash !== undefined].filter(Boolean).length
  if (sources !== 1) {
    const found = sources === 0 ? 'none of them' : 'several'
    notes.problem(
      path,
      `Say what the key is in exactly one way: \`key_env\` (a variable), \`key_hash\` (its SHA-256) or \`key\` (the key). Found ${found}.`,
      { wants: ['key', 'key_env', 'api_key_env', 'env', 'key_hash'] },
    )
    return undefined
  }
  if (value.key_hash !== undefined) return value.key_hash.slice('sha256:'.length)
  const keyPath = keyPathOf(path, value)
  const resolved = resolveKey({ ...value, written: value.key }, context.env, keyPath, notes)
  if (resolved.kind === 'key') return sha256(resolved.secret.reveal())
  if (resolved.kind === 'missing') unusable.push({ path: keyPath, variables: resolved.variables })
  if (resolved.kind === 'none') unusable.push({ path: keyPath, variables: [] })
  return undefined
}

function tellUnusable(unusable: readonly UnusableKey[], usable: number, notes: ConfigNotes): void {
  for (const { path, variables } of unusable) {
    const why = variables.length === 0 ? 'The key is empty' : `The key is not there: ${variables.join(', ')} is not set`
    if (usable > 0) notes.warning(path, `${why}. This entry admits nobody until the key is set and the gateway is started again.`)
    else
      notes.problem(
        path,
        `${why}. It is the only key, and without it the gateway would be open to everybody. Set it, or remove the entry to serve without a key on purpose.`,
      )
  }
}

function checkTenant(entry: Located<ApiKeyConfig>, parts: ConfigParts, notes: ConfigNotes): void {
  const { tenant } = entry.value
  const known = parts.tenants.map(({ value }) => value.id)
  if (tenant === undefined || known.length === 0 || known.includes(tenant)) return
  const suggestion = nearest(tenant, known)
  const hint = suggestion === undefined ? 'Add it to `tenants`.' : `Did you mean ${suggestion}?`
  notes.problem([...entry.path, 'tenant'], `There is no tenant ${showText(tenant)}. ${hint}`, {
    expected: `one of ${known.join(', ')}`,
    suggestion,
  })
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const settingsOf = (hash: string, value: Pick<ApiKeyConfig, 'role'> & Partial<ApiKeyConfig>): ApiKeySettings => ({
  id: asApiKeyId(value.prefix ?? `key_${hash.slice(0, 8)}`),
  role: value.role,
  tenant: value.tenant === undefined ? undefined : asTenantId(value.tenant),
  project: value.project,
  owner: value.owner,
  limits: value.limits,
  budget: value.budget,
  sha256: hash,
})

/** Two keys with the same prefix get a piece of their hash, so that records tell them apart. */
function withDistinctIds(keys: readonly ApiKeySettings[]): ApiKeySettings[] {
  return keys.map((key) =>
    keys.some((other) => other !== key && other.id === key.id)
      ? { ...key, id: asApiKeyId(`${key.id}-${key.sha256.slice(0, 8)}`) }
      : key,
  )
}

/** The key of a mapping that names its secret, for pointing at it. */
function keyPathOf(
  base: ConfigPath,
  value: Omit<KeySource, 'written'> & { readonly key?: unknown; readonly api_key?: unknown },
): ConfigPath {
  const name = (['api_key_env', 'key_env', 'env', 'api_key', 'key'] as const).find((candidate) => value[candidate] !== undefined)
  return name === undefined ? base : [...base, name]
}
