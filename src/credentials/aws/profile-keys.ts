import { GatewayError } from '../../errors/gateway-error.ts'
import { awsDomain } from '../../lib/aws-domain.ts'
import { Secret } from '../../lib/secret.ts'
import type { TokenOwner } from '../token-endpoint.ts'
import { assumedRoleKeys } from './assumed-role-keys.ts'
import { KEY_SKEW_MS, type AwsKeys, type AwsKeySource } from './aws-keys.ts'
import type { AwsSource, ProfileSettings } from './aws-settings.types.ts'
import { processKeys, type RunProgram } from './process-keys.ts'
import { ProfileFiles, type Section } from './profile-files.ts'
import { ssoKeys } from './sso-keys.ts'
import type { SsoDeps } from './sso-login.ts'

/** Files are read again after this time: what fills them may have put other keys there. */
const READ_AGAIN_MS = 5 * 60_000
/** Longest chain of `source_profile`. */
const MOST_PROFILES = 8

export interface ProfileKeyDeps extends SsoDeps {
  readonly run: RunProgram
  /** Keys of another place, which a profile may name as its `credential_source`. */
  readonly sourceOf: (source: AwsSource) => AwsKeySource
}

/** Keys of a profile in the files that AWS's own tools share: those it holds, or those it leads to. */
export class ProfileKeys implements AwsKeySource {
  private readonly owner: TokenOwner
  private readonly settings: ProfileSettings
  private readonly deps: ProfileKeyDeps

  constructor(owner: TokenOwner, settings: ProfileSettings, deps: ProfileKeyDeps) {
    this.owner = owner
    this.settings = settings
    this.deps = deps
  }

  obtain(): Promise<AwsKeys> {
    return this.keysOf(this.settings.profile, new ProfileFiles(this.settings), [])
  }

  /** `from` are the profiles that led here. */
  private async keysOf(name: string, files: ProfileFiles, from: readonly string[]): Promise<AwsKeys> {
    const { credentialsFile, configFile } = this.settings
    const found = files.profile(name)
    if (found.size === 0) throw this.unusable(name, `is neither in ${credentialsFile} nor in ${configFile}`)
    // A profile may be the source of its own role: then its keys are meant.
    if (from.includes(name)) {
      if (from.at(-1) === name) return this.written(found) ?? this.fail(name, 'is the source of its own role and has no keys')
      throw this.unusable(name, `is part of a circle: ${[...from, name].join(' → ')}`)
    }
    if (from.length >= MOST_PROFILES) throw this.unusable(name, `is at the end of more than ${MOST_PROFILES} profiles`)
    if (found.has('role_arn')) return this.roleKeys(name, files, from)
    const command = found.get('credential_process')
    const written = this.written(found)
    if (written !== undefined) return written
    if (command !== undefined) {
      const keys = await processKeys(command, this.deps)
      return typeof keys === 'string' ? this.fail(name, keys) : this.lasting(keys)
    }
    if (found.has('sso_account_id') || found.has('sso_session') || found.has('sso_start_url'))
      return this.ssoKeys(name, found, files)
    throw this.unusable(name, 'has no keys and leads to none')
  }

  private async roleKeys(name: string, files: ProfileFiles, from: readonly string[]): Promise<AwsKeys> {
    const found = files.profile(name)
    const { region, sessionName } = this.settings
    const roleArn = found.get('role_arn') ?? ''
    const session = found.get('role_session_name') ?? sessionName
    const url = this.settings.stsUrl ?? `https://sts.${region}.${awsDomain(region)}/`
    if (found.has('mfa_serial'))
      throw this.unusable(name, 'asks for a code of a device (`mfa_serial`), which nobody can type here')
    const tokenFile = found.get('web_identity_token_file')
    if (tokenFile !== undefined)
      return this.deps.sourceOf({ kind: 'web_identity', roleArn, sessionName: session, tokenFile, url }).obtain()
    const source = found.get('source_profile')
    const named = found.get('credential_source')
    const place = this.placeOf(named)
    const signWith =
      source !== undefined
        ? await this.keysOf(source, files, [...from, name])
        : place === undefined
          ? undefined
          : await this.deps.sourceOf(place).obtain()
    if (signWith === undefined)
      throw this.unusable(
        name,
        named === undefined
          ? 'has a `role_arn` without `source_profile`, `credential_source` or `web_identity_token_file`'
          : 'names a `credential_source` that is none, or has nothing here',
      )
    return assumedRoleKeys(
      {
        roleArn,
        region,
        url,
        owner: this.owner,
        sessionName: session,
        externalId: found.get('external_id'),
        durationSeconds: found.get('duration_seconds'),
      },
      signWith,
      this.deps,
    )
  }

  private placeOf(name: string | undefined): AwsSource | undefined {
    const { environment, container, instance } = this.settings
    switch (name) {
      case 'Environment':
        return environment
      case 'EcsContainer':
        return container
      case 'Ec2InstanceMetadata':
        return instance
      default:
        return undefined
    }
  }

  private ssoKeys(name: string, found: Section, files: ProfileFiles): Promise<AwsKeys> {
    const sessionName = found.get('sso_session')
    const login = sessionName === undefined ? found : files.session(sessionName)
    const [region, accountId, roleName] = [login?.get('sso_region'), found.get('sso_account_id'), found.get('sso_role_name')]
    const session = sessionName ?? found.get('sso_start_url')
    if (session === undefined || region === undefined || accountId === undefined || roleName === undefined)
      throw this.unusable(
        name,
        'logs in with `sso_…` and lacks part of it: sso_account_id and sso_role_name, and sso_start_url and sso_region, there or in its sso_session',
      )
    const { ssoCacheFolder: cacheFolder } = this.settings
    return ssoKeys({ profile: name, session, region, accountId, roleName, cacheFolder }, this.owner, this.deps)
  }

  private written(found: Section): AwsKeys | undefined {
    // A setting that is left empty is none.
    const [accessKeyId, secret, token] = ['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token'].map(
      (key) => found.get(key) || undefined,
    )
    if (accessKeyId === undefined || secret === undefined) return undefined
    return this.lasting({
      accessKeyId,
      secretAccessKey: new Secret(secret),
      sessionToken: token === undefined ? undefined : new Secret(token),
    })
  }

  /** Keys that do not say when they end are looked at again. */
  private lasting(keys: AwsKeys): AwsKeys {
    return { ...keys, expiresAt: keys.expiresAt ?? this.deps.clock.wall() + READ_AGAIN_MS + KEY_SKEW_MS }
  }

  private fail(name: string, why: string): never {
    throw this.unusable(name, why)
  }

  private unusable(name: string, why: string): GatewayError {
    const { provider, account } = this.owner
    return new GatewayError(
      'credential_unavailable',
      `The AWS profile ${name} of account ${account} of provider ${provider} ${why}. Correct the profile ("aws configure list --profile ${name}" shows what AWS's own tools make of it), or use another source of credentials.`,
      { provider },
    )
  }
}
