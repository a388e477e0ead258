import { POSTGRES_AUDIT } from './audit/postgres-schema.ts'
import { POSTGRES_CERTIFICATIONS } from './certifications/postgres-schema.ts'
import { POSTGRES_DISABLES } from './disables/postgres-schema.ts'
import { POSTGRES_SCORECARDS } from './health/postgres-scorecards.ts'
import { POSTGRES_INSTALLATION } from './installation/postgres.ts'
import { POSTGRES_LEDGER } from './ledger/postgres-schema.ts'
import type { PostgresDomain } from './postgres/migrate.ts'
import { POSTGRES_PRICES } from './prices/postgres-schema.ts'
import { POSTGRES_RECORDS } from './records/postgres-schema.ts'
import { POSTGRES_REVISIONS } from './revisions/postgres-schema.ts'
import { POSTGRES_ROTATED_KEYS } from './rotated-keys/migrations.ts'
import { POSTGRES_TENANCY } from './tenancy/postgres-schema.ts'

/** Every part of the schema in PostgreSQL. */
export const SHARED_DOMAINS: readonly PostgresDomain[] = [
  POSTGRES_RECORDS,
  POSTGRES_LEDGER,
  POSTGRES_DISABLES,
  POSTGRES_TENANCY,
  POSTGRES_AUDIT,
  POSTGRES_SCORECARDS,
  POSTGRES_INSTALLATION,
  POSTGRES_ROTATED_KEYS,
  POSTGRES_CERTIFICATIONS,
  POSTGRES_PRICES,
  POSTGRES_REVISIONS,
]
