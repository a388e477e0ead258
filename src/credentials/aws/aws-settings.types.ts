import type { Secret } from '../../lib/secret.ts'
import type { ContainerSettings, InstanceSettings } from './metadata-keys.ts'
import type { ProfileSettings } from './profile-keys.ts'
import type { WebIdentitySettings } from './web-identity-keys.ts'

/** Keys that were told, by the configuration or the environment. */
export interface StaticKeySettings {
  readonly kind: 'static'
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  readonly sessionToken?: Secret | undefined
}

/** A signature of each request, Version 4. */
export interface AwsSettings {
  readonly kind: 'aws'
  readonly region: string
  readonly source: StaticKeySettings | ProfileSettings | WebIdentitySettings | InstanceSettings | ContainerSettings
}
