import type { Certifications } from '../../catalog/certifications.ts'
import type { CertificationStore } from '../../state/certifications/store.ts'
import { certifiedTargets } from './held-certifications.ts'

export interface FollowCertificationsOptions {
  /** Undefined when nothing outlives the process, so that nothing was certified. */
  readonly store: CertificationStore | undefined
  readonly certifications: Certifications
  /** Told once for each new reason why they cannot be read; what was read last stays in force until they can be. */
  readonly warn: (message: string) => void
}

/** Tells a gateway what has been certified, before it resolves and within seconds of a change. */
export async function followCertifications({ store, certifications, warn }: FollowCertificationsOptions): Promise<void> {
  if (store === undefined) return
  let complaint: string | undefined
  const read = async (): Promise<void> => {
    try {
      certifications.replace(certifiedTargets(await store.list()))
      complaint = undefined
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      if (reason !== complaint) warn(reason)
      complaint = reason
      throw cause
    }
  }
  await read().catch(() => undefined) // it was told, and the watch asks again
  store.watch(read)
}
