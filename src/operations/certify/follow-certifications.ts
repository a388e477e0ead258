import type { Certifications } from '../../catalog/certifications.ts'
import type { CertificationStore } from '../../state/certifications/store.ts'
import { certifiedTargets } from './held-certifications.ts'

export interface FollowCertificationsOptions {
  /** Undefined when nothing outlives the process, so that nothing was certified. */
  readonly store: CertificationStore | undefined
  readonly certifications: Certifications
  /** Told when they cannot be read; what was read last stays in force. */
  readonly warn: (message: string) => void
}

/** Tells a gateway what has been certified, before it resolves and within seconds of a change. */
export async function followCertifications({ store, certifications, warn }: FollowCertificationsOptions): Promise<void> {
  if (store === undefined) return
  const read = async (): Promise<void> => {
    try {
      certifications.replace(certifiedTargets(await store.list()))
    } catch (cause) {
      warn(cause instanceof Error ? cause.message : String(cause))
    }
  }
  await read()
  store.watch(() => void read())
}
