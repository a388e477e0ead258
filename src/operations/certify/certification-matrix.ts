import { Certifications } from '../../catalog/certifications.ts'
import type { CompiledConfig } from '../../config/compile.ts'
import { asProviderId, targetIdOf } from '../../ir/ids.ts'
import type { CertificationLapse } from '../../ir/snapshot.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Certification } from '../../state/certifications/certification.ts'
import { openCertificationsForCommand } from '../../state/certifications/open-for-command.ts'
import { certificationPlace } from './held-certifications.ts'

/** A certification as it stands today. */
export interface MatrixRow extends Certification {
  /** Whole days. */
  readonly age_days: number
  /** Why it does not count any more by this configuration; absent while it does. */
  readonly lapsed?: CertificationLapse['cause'] | undefined
}

const DAY_MS = 86_400_000

/** What came of the newest certification of every target. Rejects with `state_unavailable`. */
export async function certificationMatrix(config: CompiledConfig, dataDir: string, clock: Clock): Promise<readonly MatrixRow[]> {
  const { providers, certificationMaxAgeMs: maxAgeMs } = config.routing
  const now = clock.wall()
  const store = openCertificationsForCommand(certificationPlace(config, dataDir), clock)
  try {
    return (await store.list()).map((certification) => {
      const { target, endpoint } = certification
      const at = Date.parse(certification.at)
      const slash = target.indexOf('/')
      const provider = asProviderId(target.slice(0, slash))
      const id = targetIdOf(provider, target.slice(slash + 1))
      const current = providers.get(provider)?.endpoint
      const held = new Certifications(new Map([[target, { at, endpoint }]]))
      const { lapsed } = held.standingOf(id, { now, maxAgeMs, endpoint: current })
      const age = Math.max(0, Math.floor((now - at) / DAY_MS))
      return { ...certification, age_days: age, ...(lapsed === undefined ? {} : { lapsed: lapsed.cause }) }
    })
  } finally {
    await store.close()
  }
}
