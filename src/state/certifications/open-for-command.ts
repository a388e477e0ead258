import type { Clock } from '../../lib/clock.ts'
import { createNoCoordination } from '../coordination/none.ts'
import type { PostgresAddress } from '../postgres/address.schema.ts'
import { openPostgres } from '../postgres/postgres.ts'
import { createFileCertifications } from './file.ts'
import { createPostgresCertifications } from './postgres.ts'
import type { CertificationStore } from './store.ts'

export type CertificationPlace =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'shared'; readonly postgres: PostgresAddress }

/** The certifications that gateways go by, for a command beside them. Gateways find out by themselves what it keeps. */
export function openCertificationsForCommand(place: CertificationPlace, clock: Clock): Omit<CertificationStore, 'watch'> {
  if (place.kind === 'file') return createFileCertifications({ path: place.path, clock })
  const database = openPostgres({ address: place.postgres, clock, connections: 1 })
  const card = { id: 'command', host: '', pid: process.pid, started: '', version: '', configHash: '' }
  const store = createPostgresCertifications({ database, clock, coordination: createNoCoordination(card) })
  return {
    list: () => store.list(),
    keep: (made) => store.keep(made),
    async close() {
      await store.close()
      await database.close()
    },
  }
}
