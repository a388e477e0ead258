import type { Secret } from '../../lib/secret.ts'

/** A signature of each request, Version 4. */
export interface AwsSettings {
  readonly kind: 'aws'
  readonly region: string
  readonly source: AwsSource
}

export type AwsSource = StaticKeySettings | ProfileSettings | WebIdentitySettings | InstanceSettings | ContainerSettings

/** Keys that were told, by the configuration or the environment. */
export interface StaticKeySettings {
  readonly kind: 'static'
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  readonly sessionToken?: Secret | undefined
}

/** A profile in the files that AWS's own tools share. Paths are absolute; the first file wins where both know the profile. */
export interface ProfileSettings {
  readonly kind: 'profile'
  readonly profile: string
  readonly credentialsFile: string
  readonly configFile: string
  /** Where `aws sso login` keeps its tokens. Absolute. */
  readonly ssoCacheFolder: string
  /** The region whose Security Token Service is asked for roles. */
  readonly region: string
  /** Address of that service, where it is another one. */
  readonly stsUrl?: string | undefined
  /** For roles whose profile names no session. */
  readonly sessionName: string
  /** What a profile may name as its `credential_source`. */
  readonly environment: StaticKeySettings | undefined
  readonly container: ContainerSettings | undefined
  readonly instance: InstanceSettings
}

/** A role that is taken on with a token of somebody else's, as in EKS. */
export interface WebIdentitySettings {
  readonly kind: 'web_identity'
  readonly roleArn: string
  readonly sessionName: string
  /** Absolute. Whoever runs the machine renews it, so it is read each time. */
  readonly tokenFile: string
  /** Address of the Security Token Service. */
  readonly url: string
}

/** The role of an EC2 instance, from its metadata service, version 2. */
export interface InstanceSettings {
  readonly kind: 'instance'
  /** Without a slash at the end. */
  readonly url: string
}

/** The role of a task of ECS, or of a pod of EKS. */
export interface ContainerSettings {
  readonly kind: 'container'
  readonly url: string
  /** Sent as `Authorization`: a word, or the file that holds it. */
  readonly authorization?: { readonly secret: Secret } | { readonly path: string } | undefined
}
