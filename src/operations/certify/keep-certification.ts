import type { Certification } from '../../state/certifications/certification.ts'
import type { CertificationStore } from '../../state/certifications/store.ts'

/**
 * Keeps what came of asking a target; resolves with what is kept of it now. Looking whether a target is alive takes nothing away from what was
 * asked in full at the same endpoint: that says more, and routes may require it.
 */
export async function keepCertification(
  store: Pick<CertificationStore, 'list' | 'keep'>,
  made: Certification,
): Promise<Certification> {
  if (made.mode === 'liveness') {
    const known = (await store.list()).find(({ target }) => target === made.target)
    if (known?.mode === 'full' && known.endpoint === made.endpoint) return known
  }
  await store.keep(made)
  return made
}
