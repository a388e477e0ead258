import { assertNever } from '../../lib/assert-never.ts'
import type { TokenOwner } from '../token-endpoint.ts'
import { AwsCredential } from './aws-credential.ts'
import type { AwsKeySource } from './aws-keys.ts'
import type { AwsSettings, AwsSource } from './aws-settings.types.ts'
import { MetadataKeys } from './metadata-keys.ts'
import { ProfileKeys, type ProfileKeyDeps } from './profile-keys.ts'
import { WebIdentityKeys } from './web-identity-keys.ts'

export type AwsCredentialDeps = Omit<ProfileKeyDeps, 'sourceOf'>

/** Name of the service in signatures, also for its runtime. */
const SERVICE = 'bedrock'

/** The credential that signs requests to Bedrock. */
export function createAwsCredential(owner: TokenOwner, settings: AwsSettings, deps: AwsCredentialDeps): AwsCredential {
  const scope = { region: settings.region, service: SERVICE }
  return new AwsCredential({ source: sourceOf(owner, settings.source, deps), scope, clock: deps.clock })
}

function sourceOf(owner: TokenOwner, source: AwsSource, deps: AwsCredentialDeps): AwsKeySource {
  switch (source.kind) {
    case 'static':
      return { obtain: () => Promise.resolve(source) }
    case 'profile':
      return new ProfileKeys(owner, source, { ...deps, sourceOf: (other) => sourceOf(owner, other, deps) })
    case 'web_identity':
      return new WebIdentityKeys(owner, source, deps)
    case 'instance':
    case 'container':
      return new MetadataKeys(owner, source, deps)
    default:
      return assertNever(source)
  }
}
