import { isAbsolute } from 'node:path'
import type { AccountAuth } from '../providers/account-auth.schema.ts'
import type { AccountSettings } from '../providers/provider.settings.schema.ts'
import type { Secret } from '../lib/secret.ts'
import { isNearby } from './base-url.ts'
import { compileAws, type FoundKeys } from './compile-aws.ts'
import type { CompileContext } from './compile-context.ts'
import type { ConfigPath } from './config-path.ts'
import { variable } from './env.ts'
import { configuredPath } from './locate.ts'
import type { ConfigNotes } from './problem.ts'
import { resolveKey } from './resolve-key.ts'
import { resolveVaultKey, type VaultedKey } from './vault-references.ts'

type CredentialSettings = NonNullable<AccountSettings['credential']>

/** Kinds of credentials that are more than a key. */
export type LoginAuth = Exclude<AccountAuth, { readonly kind?: 'api_key' | 'none' | undefined }>

/** Whether the account logs in, instead of having a key or nothing. */
export const isLoginAuth = (auth: AccountAuth): auth is LoginAuth =>
  auth.kind !== undefined && auth.kind !== 'api_key' && auth.kind !== 'none'

/** Where an account logs in, and what is needed to say so. */
export interface CredentialPart {
  readonly auth: LoginAuth
  readonly path: ConfigPath
  /** Of the provider, where it has one. */
  readonly region: string | undefined
  readonly context: CompileContext
  readonly notes: ConfigNotes
}

/** What an account logs in with; undefined when it is not known, which has been noted unless the vault is not open yet. */
export function compileCredential(part: CredentialPart): CredentialSettings | undefined {
  const { auth } = part
  switch (auth.kind) {
    case 'oauth':
      return oauthOf(auth, part)
    case 'entra':
      return entraOf(auth, part)
    case 'service_account':
      return serviceAccountOf(auth, part)
    case 'google_metadata':
      return { kind: auth.kind, url: auth.url }
    case 'codex_oauth':
    case 'claude_code_oauth':
      return nativeLoginOf(auth, part)
    case 'aws':
      return awsOf(auth, part)
    case 'aws_sig_v4':
      return awsOf({ ...auth, kind: 'aws', source: 'static' }, part)
  }
}

function awsOf(auth: LoginAuth & { kind: 'aws' }, part: CredentialPart): CredentialSettings | undefined {
  const keys = awsKeysOf(auth, part)
  return keys === 'unusable' ? undefined : compileAws({ ...part, auth, keys })
}

/** Keys that are named: both halves, or none. */
export function awsKeysOf(auth: object, part: Omit<CredentialPart, 'auth'>): FoundKeys | 'unusable' | undefined {
  const [id, secret, token] = (['access_key', 'secret_key', 'session_token'] as const).map((name) => secretOf(name, auth, part))
  if ([id, secret, token].some((found) => found?.kind === 'unusable')) return 'unusable'
  if (id?.secret === undefined && secret?.secret === undefined) return undefined
  if (id?.secret === undefined || secret?.secret === undefined) {
    part.notes.problem(part.path, 'An access key has two halves: name both, with `access_key_env` and `secret_key_env`.')
    return 'unusable'
  }
  return { accessKeyId: id.secret, secretAccessKey: secret.secret, sessionToken: token?.secret }
}

function oauthOf(auth: LoginAuth & { kind: 'oauth' }, part: CredentialPart): CredentialSettings | undefined {
  const { path, notes } = part
  const token = secretOf('token', auth, part)
  const refreshToken = secretOf('refresh', auth, part)
  const clientSecret = secretOf('client_secret', auth, part)
  if ([token, refreshToken, clientSecret].some((found) => found.kind === 'unusable')) return undefined
  const { token_url: tokenUrl, client_id: clientId, scope } = auth
  const canAsk = tokenUrl !== undefined && (refreshToken.secret ?? clientSecret.secret) !== undefined
  if (!canAsk && token.secret === undefined) {
    notes.problem(
      path,
      'The account has nothing to get a token with. Add `token_url` with `refresh_env`, or with `client_id` and `client_secret_env`; or `token_env` with a token that lasts.',
    )
    return undefined
  }
  if (refreshToken.secret !== undefined && tokenUrl === undefined) {
    notes.problem(path, 'A refresh token is of no use without `token_url`, the endpoint that takes it.')
    return undefined
  }
  if (tokenUrl?.startsWith('http://') === true && !isNearby(tokenUrl))
    notes.warning([...path, 'token_url'], 'Secrets go to this host over plain HTTP, where others can read them. Use https://.')
  const settings = { token: token.secret, refreshToken: refreshToken.secret, clientSecret: clientSecret.secret }
  return { kind: 'oauth', ...settings, tokenUrl: canAsk ? tokenUrl : undefined, clientId, scope }
}

function entraOf(auth: LoginAuth & { kind: 'entra' }, part: CredentialPart): CredentialSettings | undefined {
  const clientSecret = requiredSecret('client_secret', auth, part)
  if (clientSecret === undefined) return undefined
  const authority = auth.authority.replace(/\/+$/, '')
  const tokenUrl = `${authority}/${encodeURIComponent(auth.tenant_id)}/oauth2/v2.0/token`
  return { kind: 'oauth', tokenUrl, clientId: auth.client_id, clientSecret, scope: auth.scope }
}

function serviceAccountOf(auth: LoginAuth & { kind: 'service_account' }, part: CredentialPart): CredentialSettings | undefined {
  const { kind, scope } = auth
  const isNamed = [auth.key, auth.key_env, auth.key_vault].some((place) => place !== undefined)
  // A path, as Google's own clients read it.
  const file = auth.key_file ?? (isNamed ? undefined : variable(part.context.env, 'GOOGLE_APPLICATION_CREDENTIALS'))
  if (file !== undefined) return { kind, key: { path: configuredPath(file, part.context) }, scope }
  const json = requiredSecret('key', auth, part, '`key_file`, the variable GOOGLE_APPLICATION_CREDENTIALS, ')
  return json === undefined ? undefined : { kind, key: { json }, scope }
}

function nativeLoginOf(
  auth: LoginAuth & { kind: 'codex_oauth' | 'claude_code_oauth' },
  part: CredentialPart,
): CredentialSettings | undefined {
  const { env, home } = part.context
  const { kind, token_env: tokenVariable, access_token_pointer: pointer } = auth
  const isSet = variable(env, tokenVariable) !== undefined
  const token = secretOf('token', isSet ? auth : { ...auth, token_env: undefined }, part)
  if (token.kind === 'unusable') return undefined
  const file = auth.token_file.replace(/^\$(HOME|\{HOME\})(?=\/)/, home)
  const path = isAbsolute(file) ? file : configuredPath(file, part.context)
  const loginId = kind === 'codex_oauth' ? variable(env, 'CODEX_ACCOUNT_ID') : undefined
  return { kind, token: token.secret, path, pointer, loginId }
}

/** A secret that was found, or that nobody names; `unusable` when it is named and cannot be had. */
interface FoundSecret {
  readonly kind: 'usable' | 'unusable'
  readonly secret?: Secret | undefined
}

/** Looks for a secret where the configuration says: `<name>_vault`, `<name>_env`, `<name>`. */
function secretOf(name: string, auth: object, { path, context, notes }: Omit<CredentialPart, 'auth'>): FoundSecret {
  const places: Readonly<Record<string, unknown>> = { ...auth }
  const at = [`${name}_vault`, `${name}_env`, name].find((key) => places[key] !== undefined)
  if (at === undefined) return { kind: 'usable' }
  const vaulted = places[`${name}_vault`]
  const source = { key_env: places[`${name}_env`] as string | undefined, written: places[name] as Secret | undefined }
  const found: VaultedKey =
    typeof vaulted === 'string'
      ? resolveVaultKey(vaulted, context, [...path, at], notes)
      : resolveKey(source, context.env, [...path, at], notes)
  if (found.kind === 'key') return { kind: 'usable', secret: found.secret }
  if (found.kind === 'none') return { kind: 'usable' }
  if (found.kind === 'missing')
    notes.problem(
      [...path, at],
      `The environment variable ${found.variables.join(', ')} is not set. Set it before starting, or remove the account.`,
    )
  return { kind: 'unusable' }
}

function requiredSecret(name: string, auth: object, part: CredentialPart, other = ''): Secret | undefined {
  const found = secretOf(name, auth, part)
  if (found.kind === 'usable' && found.secret === undefined)
    part.notes.problem(part.path, `The account needs ${other}\`${name}_env\`, \`${name}_vault\` or \`${name}\`.`, {
      wants: [`${name}_env`, `${name}_vault`, name],
      expected: `${name}_env`,
      found: 'nothing',
    })
  return found.secret
}
