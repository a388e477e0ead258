import { asAccountId } from '../ir/ids.ts'
import { presetOf } from '../providers/presets/index.ts'
import type { AccountConfig, ProviderConfig } from '../providers/provider.schema.ts'
import type { AccountSettings } from '../providers/provider.settings.schema.ts'
import { regionOf } from './aws-region.ts'
import { isTypesOwnHost } from './base-url.ts'
import { compileAws } from './compile-aws.ts'
import { awsKeysOf, compileCredential, isLoginAuth } from './compile-credential.ts'
import type { CompileContext, Located } from './compile-context.ts'
import type { ConfigPath } from './config-path.ts'
import { variable } from './env.ts'
import { findKey, keyPath, type FoundKey } from './find-key.ts'
import type { ConfigNotes } from './problem.ts'
import type { EgressPath } from '../transport/egress.settings.schema.ts'

/**
 * The accounts of a provider that can be used, best first. One whose key is missing is skipped with a warning that names the variable:
 * the others, and the other providers, still serve.
 */
export function compileAccounts(
  provider: Located<ProviderConfig>,
  { baseUrl, egress }: AccountPlace,
  context: CompileContext,
  notes: ConfigNotes,
): AccountSettings[] {
  const { value, path } = provider
  const region = regionOf(value, context.env)
  const shared = value.type === 'bedrock' ? sharedAws(provider, context, notes) : sharedKey(provider, baseUrl, context, notes)
  if (value.accounts.length === 0) {
    const account = usable({ ...shared, id: 'default', priority: 0, egress: egress(undefined), provider: value, notes })
    return account === undefined ? [] : [account]
  }
  const seen = new Set<string>()
  let usesShared = false
  const accounts: AccountSettings[] = []
  for (const [index, account] of value.accounts.entries()) {
    const at = [...path, 'accounts', index]
    if (seen.has(account.id))
      notes.problem([...at, 'id'], `Provider ${value.id} has two accounts named ${account.id}. Give each its own id.`)
    seen.add(account.id)
    const own = accountKey(account, at, { region, context, notes })
    if (own.key === undefined) usesShared = true
    const settings = usable({
      ...(own.key === undefined ? shared : { key: own.key, path: own.path }),
      id: account.id,
      priority: account.priority,
      egress: egress(account.egress === undefined ? undefined : { value: account.egress, path: [...at, 'egress'] }),
      provider: value,
      notes,
    })
    if (settings !== undefined) accounts.push(settings)
  }
  if (!usesShared && shared.isNamed)
    notes.warning(
      shared.path,
      'Every account has a key of its own, so this one is used by none. Remove it, or remove the key of an account.',
    )
  return accounts.sort((left, right) => left.priority - right.priority)
}

/** Where the calls of accounts go, and which way. */
export interface AccountPlace {
  readonly baseUrl: string
  /** The way of an account that names this one. */
  readonly egress: (named: Located<string> | undefined) => EgressPath | undefined
}

interface NamedKey {
  readonly key: FoundKey
  readonly path: ConfigPath
}

/** The key of the provider itself; a vendor's own address has the vendor's usual variable as default. */
function sharedKey(
  { value, path }: Located<ProviderConfig>,
  baseUrl: string,
  context: CompileContext,
  notes: ConfigNotes,
): NamedKey & { isNamed: boolean } {
  const at = keyPath(path, value)
  const isNamed = at.length > path.length
  if (isNamed || !isTypesOwnHost(baseUrl, value.type))
    return { key: findKey({ ...value, written: value.api_key }, context, at, notes), path: at, isNamed }
  const vendor = presetOf(value.type)
  return { key: findKey({ key_env: vendor?.keyVariable }, context, at, notes), path: at, isNamed }
}

/**
 * What a provider of AWS has for accounts that say nothing: a key that is named, keys to sign with that are named, the usual variable with a
 * key, else what AWS's own tools would sign with on this machine. Where every account says something, nobody asks.
 */
function sharedAws(
  { value, path }: Located<ProviderConfig>,
  context: CompileContext,
  notes: ConfigNotes,
): NamedKey & { isNamed: boolean } {
  const at = keyPath(path, value)
  if (at.length > path.length)
    return { key: findKey({ ...value, written: value.api_key }, context, at, notes), path: at, isNamed: true }
  const isNeeded = value.accounts.length === 0 || value.accounts.some(isSilent)
  if (!isNeeded) return { key: { kind: 'none' }, path, isNamed: false }
  const region = regionOf(value, context.env)
  const keys = awsKeysOf(value, { path, region, context, notes })
  const invalid = { key: { kind: 'invalid' }, path, isNamed: false } as const
  if (keys === 'unusable') return invalid
  if (keys === undefined && variable(context.env, BEARER) !== undefined)
    return { key: findKey({ key_env: BEARER }, context, path, notes), path, isNamed: false }
  const settings = compileAws({ auth: {}, keys, region, path, context, notes })
  return settings === undefined ? invalid : { key: { kind: 'credential', settings }, path, isNamed: false }
}

/** Where AWS's own tools look for a key of Bedrock's. */
const BEARER = 'AWS_BEARER_TOKEN_BEDROCK'

const isSilent = (account: AccountConfig): boolean => account.auth === undefined && keyPath([], account).length === 0

/** The key of an account; undefined when it names none and uses the provider's. */
function accountKey(
  account: AccountConfig,
  path: ConfigPath,
  { region, context, notes }: { region: string | undefined; context: CompileContext; notes: ConfigNotes },
): { key: FoundKey | undefined; path: ConfigPath } {
  const { auth } = account
  const short = keyPath(path, account)
  const isShort = short.length > path.length
  if (auth === undefined)
    return {
      key: isShort ? findKey({ ...account, written: account.api_key }, context, short, notes) : undefined,
      path: short,
    }
  const isLogin = isLoginAuth(auth)
  const at = isLogin ? [...path, 'auth'] : keyPath([...path, 'auth'], auth)
  if (isShort) notes.problem(short, 'The account names its key twice, here and under `auth`. Keep one.')
  if (isLogin) {
    const settings = compileCredential({ auth, path: at, region, context, notes })
    return { key: settings === undefined ? { kind: 'invalid' } : { kind: 'credential', settings }, path: at }
  }
  if (auth.kind === 'none') return { key: { kind: 'none' }, path: at }
  const namesKey = at.length > path.length + 1
  if (!namesKey) {
    notes.problem(
      at,
      'The account names no key. Add `key_env` with the name of an environment variable, or write `kind: none`.',
      { wants: ['key_env', 'api_key_env', 'env', 'key_file', 'inline', 'vault'], expected: 'key_env', found: 'nothing' },
    )
    return { key: { kind: 'invalid' }, path: at }
  }
  return { key: findKey({ ...auth, written: auth.inline }, context, at, notes), path: at }
}

interface Candidate extends NamedKey {
  readonly id: string
  readonly priority: number
  readonly egress: EgressPath | undefined
  readonly provider: ProviderConfig
  readonly notes: ConfigNotes
}

function usable({ key, path, id, priority, egress, provider, notes }: Candidate): AccountSettings | undefined {
  const account = { id: asAccountId(id), priority, ...(egress === undefined ? {} : { egress }) }
  if (key.kind === 'key') return { ...account, apiKey: key.secret, keptIn: key.keptIn }
  if (key.kind === 'credential') return { ...account, apiKey: undefined, credential: key.settings }
  if (key.kind === 'none') return { ...account, apiKey: undefined }
  if (key.kind === 'missing') {
    const variables = key.variables.join(', ')
    notes.warning(
      path,
      `Account ${id} of provider ${provider.id} is skipped: the environment variable ${variables} is not set. Set it before starting, or remove the account.`,
    )
  }
  return undefined
}
