import { join } from 'node:path'
import type { AccountAuth } from '../providers/account-auth.schema.ts'
import type { AccountSettings } from '../providers/provider.settings.schema.ts'
import { awsDomain } from '../lib/aws-domain.ts'
import { Secret } from '../lib/secret.ts'
import type { CompileContext } from './compile-context.ts'
import type { ConfigPath } from './config-path.ts'
import { variable } from './env.ts'
import { configuredPath } from './locate.ts'
import type { ConfigNotes } from './problem.ts'

type AwsSettings = Extract<NonNullable<AccountSettings['credential']>, { readonly kind: 'aws' }>
type Source = AwsSettings['source']
type AwsAuth = Extract<AccountAuth, { readonly kind: 'aws' }>

/** Where tasks of ECS find their role; EKS names an address of its own. */
const CONTAINER_HOST = 'http://169.254.170.2'
const SESSION_NAME = 'switchback'
const INSTANCE_HOST = 'http://169.254.169.254'

/** Keys that were found where the configuration says; undefined when it names none. */
export interface FoundKeys {
  readonly accessKeyId: Secret
  readonly secretAccessKey: Secret
  readonly sessionToken: Secret | undefined
}

export interface AwsPart {
  /** What the account says of itself; undefined: nothing. */
  readonly auth: Partial<AwsAuth>
  readonly keys: FoundKeys | undefined
  readonly region: string | undefined
  readonly path: ConfigPath
  readonly context: CompileContext
  readonly notes: ConfigNotes
}

/** What an account signs with: what is written, else what the environment says, in the order in which AWS's own tools look. */
export function compileAws(part: AwsPart): AwsSettings | undefined {
  const { auth, path, notes } = part
  const region = auth.region ?? part.region
  if (region === undefined) {
    notes.problem(
      path,
      'Requests to AWS are signed for a region, and none is known. Add `region` to the provider, or set AWS_REGION.',
      {
        wants: ['region'],
        expected: 'region',
        found: 'nothing',
      },
    )
    return undefined
  }
  const source = sourceOf(part, region)
  if (source !== undefined) return { kind: 'aws', region, source }
  notes.problem(path, missingOf(auth.source))
  return undefined
}

const missingOf = (source: AwsAuth['source']): string =>
  source === 'static' || source === 'environment'
    ? 'The account has no keys to sign with. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name other variables with `access_key_env` and `secret_key_env`.'
    : source === 'web_identity'
      ? 'The account needs a role and a token for it. Add `role_arn` and `token_file`, or set AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE.'
      : 'No credentials of AWS are known here. Add `access_key_env` and `secret_key_env`, `profile`, or `role_arn` with `token_file`.'

function sourceOf(part: AwsPart, region: string): Source | undefined {
  const { auth, context } = part
  switch (auth.source) {
    case 'static':
    case 'environment':
      return written(part) ?? ofEnvironment(context)
    case 'profile':
      return profileOf(auth, context, region)
    case 'web_identity':
      return webIdentityOf(auth, context, region)
    case 'container':
      return containerOf(context)
    case 'instance':
      return instanceOf(auth)
    case undefined:
      return written(part) ?? named(auth, context, region) ?? found(auth, context, region)
  }
}

/** Without a word on the source, what is named says it. */
function named(auth: Partial<AwsAuth>, context: CompileContext, region: string): Source | undefined {
  if (auth.profile !== undefined) return profileOf(auth, context, region)
  if (auth.role_arn !== undefined || auth.token_file !== undefined) return webIdentityOf(auth, context, region)
  return auth.metadata_url === undefined ? undefined : instanceOf(auth)
}

/** What AWS's own tools would use on this machine. */
function found(auth: Partial<AwsAuth>, context: CompileContext, region: string): Source | undefined {
  const { env } = context
  const isOff = variable(env, 'AWS_EC2_METADATA_DISABLED')?.toLowerCase() === 'true'
  return (
    ofEnvironment(context) ??
    webIdentityOf(auth, context, region) ??
    (hasProfile(context) ? profileOf(auth, context, region) : undefined) ??
    containerOf(context) ??
    (isOff ? undefined : instanceOf(auth))
  )
}

type Kind<Name extends Source['kind']> = Extract<Source, { readonly kind: Name }>

const instanceOf = ({ metadata_url: url = INSTANCE_HOST }: Partial<AwsAuth>): Kind<'instance'> => ({ kind: 'instance', url })

const written = ({ keys }: AwsPart): Source | undefined => (keys === undefined ? undefined : staticKeys(keys))

const staticKeys = ({ accessKeyId, secretAccessKey, sessionToken }: FoundKeys): Kind<'static'> => ({
  kind: 'static',
  accessKeyId: accessKeyId.reveal(),
  secretAccessKey,
  ...(sessionToken === undefined ? {} : { sessionToken }),
})

function ofEnvironment({ env }: CompileContext): Kind<'static'> | undefined {
  const [id, secret, token] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'].map((name) =>
    variable(env, name),
  )
  if (id === undefined || secret === undefined) return undefined
  return staticKeys({
    accessKeyId: new Secret(id),
    secretAccessKey: new Secret(secret),
    sessionToken: token === undefined ? undefined : new Secret(token),
  })
}

function profileOf(auth: Partial<AwsAuth>, context: CompileContext, region: string): Source {
  const { env } = context
  const place = (file: string | undefined, name: string, usual: string): string =>
    configuredPath(file ?? variable(env, name) ?? join(context.home, '.aws', usual), context)
  return {
    kind: 'profile',
    profile: auth.profile ?? variable(env, 'AWS_PROFILE') ?? 'default',
    credentialsFile: place(auth.credentials_file, 'AWS_SHARED_CREDENTIALS_FILE', 'credentials'),
    configFile: place(auth.config_file, 'AWS_CONFIG_FILE', 'config'),
    ssoCacheFolder: join(context.home, '.aws', 'sso', 'cache'),
    region,
    ...(auth.sts_url === undefined ? {} : { stsUrl: auth.sts_url }),
    sessionName: auth.session_name ?? SESSION_NAME,
    environment: ofEnvironment(context),
    container: containerOf(context),
    instance: instanceOf(auth),
  }
}

/** A profile is meant where one is named, or where there is a file with some. */
function hasProfile(context: CompileContext): boolean {
  if (variable(context.env, 'AWS_PROFILE') !== undefined) return true
  try {
    return context.readText(join(context.home, '.aws', 'credentials')) !== ''
  } catch {
    return false // there is none
  }
}

function webIdentityOf(auth: Partial<AwsAuth>, context: CompileContext, region: string): Source | undefined {
  const { env } = context
  const roleArn = auth.role_arn ?? variable(env, 'AWS_ROLE_ARN')
  const tokenFile = auth.token_file ?? variable(env, 'AWS_WEB_IDENTITY_TOKEN_FILE')
  if (roleArn === undefined || tokenFile === undefined) return undefined
  return {
    kind: 'web_identity',
    roleArn,
    tokenFile: configuredPath(tokenFile, context),
    sessionName: auth.session_name ?? variable(env, 'AWS_ROLE_SESSION_NAME') ?? SESSION_NAME,
    url: auth.sts_url ?? `https://sts.${region}.${awsDomain(region)}/`,
  }
}

function containerOf({ env }: CompileContext): Kind<'container'> | undefined {
  const relative = variable(env, 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI')
  const url = relative === undefined ? variable(env, 'AWS_CONTAINER_CREDENTIALS_FULL_URI') : `${CONTAINER_HOST}${relative}`
  if (url === undefined) return undefined
  const path = variable(env, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')
  const word = variable(env, 'AWS_CONTAINER_AUTHORIZATION_TOKEN')
  if (path !== undefined) return { kind: 'container', url, authorization: { path } }
  return word === undefined ? { kind: 'container', url } : { kind: 'container', url, authorization: { secret: new Secret(word) } }
}
