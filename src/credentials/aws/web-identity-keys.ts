import { readFileSync } from 'node:fs'
import type { TokenEndpointDeps, TokenOwner } from '../token-endpoint.ts'
import type { AwsKeys, AwsKeySource } from './aws-keys.ts'
import type { WebIdentitySettings } from './aws-settings.types.ts'
import { askSts, stsFailure, stsRequest, type WantedRole } from './security-token-service.ts'

/** Keys for a token that somebody else has signed (AssumeRoleWithWebIdentity), as in EKS. */
export class WebIdentityKeys implements AwsKeySource {
  private readonly role: WantedRole
  private readonly settings: WebIdentitySettings
  private readonly deps: TokenEndpointDeps

  constructor(owner: TokenOwner, settings: WebIdentitySettings, deps: TokenEndpointDeps) {
    this.role = { owner, roleArn: settings.roleArn, advice: 'Check the role, whom it trusts, and the token file.' }
    this.settings = settings
    this.deps = deps
  }

  async obtain(): Promise<AwsKeys> {
    const { roleArn, sessionName, url } = this.settings
    const request = stsRequest(url, {
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      WebIdentityToken: this.token(),
    })
    return askSts(request, this.role, this.deps)
  }

  private token(): string {
    const { tokenFile } = this.settings
    try {
      return readFileSync(tokenFile, 'utf8').trim()
    } catch {
      throw stsFailure('credential_unavailable', `was not asked, because ${tokenFile} cannot be read`, this.role)
    }
  }
}
