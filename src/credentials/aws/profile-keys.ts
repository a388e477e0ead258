import { readFileSync } from 'node:fs'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { Secret } from '../../lib/secret.ts'
import type { TokenOwner } from '../token-endpoint.ts'
import { KEY_SKEW_MS, type AwsKeys, type AwsKeySource } from './aws-keys.ts'
import type { ProfileSettings } from './aws-settings.types.ts'
import { iniSections } from './ini-file.ts'

/** Files are read again after this time: what fills them may have put other keys there. */
const READ_AGAIN_MS = 5 * 60_000

/** Keys of a profile in the files that AWS's own tools share. */
export class ProfileKeys implements AwsKeySource {
  private readonly owner: TokenOwner
  private readonly settings: ProfileSettings
  private readonly clock: Pick<Clock, 'wall'>

  constructor(owner: TokenOwner, settings: ProfileSettings, clock: Pick<Clock, 'wall'>) {
    this.owner = owner
    this.settings = settings
    this.clock = clock
  }

  async obtain(): Promise<AwsKeys> {
    const { profile, credentialsFile, configFile } = this.settings
    const found = new Map([
      ...(sectionOf(configFile, [`profile ${profile}`, ...(profile === 'default' ? ['default'] : [])]) ?? []),
      ...(sectionOf(credentialsFile, [profile]) ?? []),
    ])
    if (found.size === 0) throw this.unusable(`is neither in ${credentialsFile} nor in ${configFile}`)
    const accessKeyId = found.get('aws_access_key_id')
    const secret = found.get('aws_secret_access_key')
    if (accessKeyId === undefined || secret === undefined) throw this.unusable(reasonOf(found))
    const token = found.get('aws_session_token')
    return {
      accessKeyId,
      secretAccessKey: new Secret(secret),
      sessionToken: token === undefined ? undefined : new Secret(token),
      expiresAt: this.clock.wall() + READ_AGAIN_MS + KEY_SKEW_MS,
    }
  }

  private unusable(why: string): GatewayError {
    const { provider, account } = this.owner
    return new GatewayError(
      'credential_unavailable',
      `The AWS profile ${this.settings.profile} of account ${account} of provider ${provider} ${why}. Put aws_access_key_id and aws_secret_access_key into it, or use another source of credentials.`,
      { provider },
    )
  }
}

/** What a profile without keys has in their place. */
function reasonOf(found: ReadonlyMap<string, string>): string {
  const other = ['sso_session', 'sso_start_url', 'credential_process', 'source_profile', 'role_arn'].find((key) => found.has(key))
  return other === undefined ? 'has no keys' : `has \`${other}\` in place of keys, which this gateway does not follow`
}

function sectionOf(path: string, names: readonly string[]): ReadonlyMap<string, string> | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined // either file may be missing; that both are is told together
  }
  const sections = iniSections(text)
  return names.map((name) => sections.get(name)).find((section) => section !== undefined)
}
