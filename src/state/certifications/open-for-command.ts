import type { Clock } from '../../lib/clock.ts'
import { openPostgresForCommand } from '../postgres/open-for-command.ts'
import type { StorePlace } from '../store-place.ts'
import { createFileCertifications } from './file.ts'
import { createPostgresCertifications } from './postgres.ts'
import type { CertificationStore } from './store.ts'

/** The certifications that gateways go by, for a command beside them. Gateways find out by themselves what it keeps. */
export function openCertificationsForCommand(place: StorePlace, clock: Clock): Omit<CertificationStore, 'watch'> {
  if (place.kind === 'file') return createFileCertifications({ path: place.path, clock })
  const parts = openPostgresForCommand(place.postgres, clock)
  const store = createPostgresCertifications(parts)
  return {
    list: () => store.list(),
    keep: (made) => store.keep(made),
    async close() {
      await store.close()
      await parts.database.close()
    },
  }
}
