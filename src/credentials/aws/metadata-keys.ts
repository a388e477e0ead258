import { readFileSync } from 'node:fs'
import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject } from '../../ir/json.ts'
import { quietJson } from '../../lib/quiet-json.ts'
import { Secret } from '../../lib/secret.ts'
import { TO_THE_MACHINE } from '../../transport/egress.settings.schema.ts'
import { askEndpoint, type TokenEndpointDeps, type TokenOwner } from '../token-endpoint.ts'
import type { AwsKeys, AwsKeySource } from './aws-keys.ts'
import type { ContainerSettings, InstanceSettings } from './aws-settings.types.ts'

const ROLES = '/latest/meta-data/iam/security-credentials/'
/** The longest that a session with the metadata service lasts; this one is over after three requests. */
const SESSION_S = '60'
/** It is on the same machine, or not there at all. */
const TIMEOUT_MS = 2_000

/** Keys that the machine has by itself. */
export class MetadataKeys implements AwsKeySource {
  private readonly owner: TokenOwner
  private readonly settings: InstanceSettings | ContainerSettings
  private readonly deps: TokenEndpointDeps

  constructor(owner: TokenOwner, settings: InstanceSettings | ContainerSettings, deps: TokenEndpointDeps) {
    this.owner = { ...owner, egress: TO_THE_MACHINE }
    this.settings = settings
    this.deps = deps
  }

  async obtain(): Promise<AwsKeys> {
    const { settings } = this
    const text = settings.kind === 'instance' ? await this.ofInstance(settings.url) : await this.ofContainer(settings)
    return keysIn(text) ?? this.fail('gave no keys')
  }

  /** A session first: whoever can only make the gateway fetch an address cannot get one (IMDSv2). */
  private async ofInstance(url: string): Promise<string> {
    const session = await this.ask('PUT', `${url}/latest/api/token`, { 'x-aws-ec2-metadata-token-ttl-seconds': SESSION_S })
    const headers = { 'x-aws-ec2-metadata-token': session.trim() }
    const [role = ''] = (await this.ask('GET', `${url}${ROLES}`, headers)).split('\n')
    if (role.trim() === '') return this.fail('knows no role of this machine')
    return this.ask('GET', `${url}${ROLES}${encodeURIComponent(role.trim())}`, headers)
  }

  private ofContainer({ url, authorization }: ContainerSettings): Promise<string> {
    if (authorization === undefined) return this.ask('GET', url, {})
    const word = 'secret' in authorization ? authorization.secret.reveal() : this.read(authorization.path)
    return this.ask('GET', url, { authorization: word })
  }

  private read(path: string): string {
    try {
      return readFileSync(path, 'utf8').trim()
    } catch {
      return this.fail(`was not asked, because ${path} cannot be read`)
    }
  }

  private async ask(method: string, url: string, headers: Record<string, string>): Promise<string> {
    const { status, text } = await askEndpoint({ method, url, headers, body: undefined }, this.owner, this.deps, TIMEOUT_MS)
    return status === 200 ? text : this.fail(`answered with HTTP ${status}`)
  }

  private fail(what: string): never {
    const { provider, account } = this.owner
    const where = this.settings.kind === 'instance' ? 'this instance' : 'this container'
    throw new GatewayError(
      'credential_unavailable',
      `The metadata service of ${where} ${what}, so account ${account} of provider ${provider} cannot sign. Give the machine a role, or use another source of credentials.`,
      { provider },
    )
  }
}

function keysIn(text: string): AwsKeys | undefined {
  const found = quietJson(text)
  if (!isObject(found)) return undefined
  const { AccessKeyId: accessKeyId, SecretAccessKey: secret, Token: token, Expiration: end } = found
  if (typeof accessKeyId !== 'string' || typeof secret !== 'string' || typeof token !== 'string') return undefined
  const expiresAt = Date.parse(typeof end === 'string' ? end : '')
  return {
    accessKeyId,
    secretAccessKey: new Secret(secret),
    sessionToken: new Secret(token),
    ...(Number.isNaN(expiresAt) ? {} : { expiresAt }),
  }
}
