import type { TokenEndpointDeps } from '../token-endpoint.ts'
import type { AwsKeys } from './aws-keys.ts'
import { askSts, stsRequest, type WantedRole } from './security-token-service.ts'
import { createSigner } from './sign-request.ts'

export interface RoleSettings extends Pick<WantedRole, 'roleArn' | 'owner'> {
  /** The region whose service is asked. */
  readonly region: string
  readonly url: string
  readonly sessionName: string
  readonly externalId: string | undefined
  /** As it is written; the service checks it. */
  readonly durationSeconds: string | undefined
}

const ADVICE = 'Check the role, whom it trusts, and the keys of its source_profile or credential_source.'

/** Keys of a role, for whoever signs with the keys of another identity (AssumeRole). Rejects as `askSts`. */
export async function assumedRoleKeys(role: RoleSettings, signWith: AwsKeys, deps: TokenEndpointDeps): Promise<AwsKeys> {
  const { url, region, roleArn, sessionName, externalId, durationSeconds } = role
  const signer = await createSigner(signWith, { region, service: 'sts' })
  const request = stsRequest(url, {
    Action: 'AssumeRole',
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ExternalId: externalId,
    DurationSeconds: durationSeconds,
  })
  return askSts(await signer.sign(request, deps.clock.wall()), { ...role, advice: ADVICE }, deps)
}
