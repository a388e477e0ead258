import { AUDIT_MIGRATIONS } from './audit/migrations.ts'
import { DISABLE_MIGRATIONS } from './disables/migrations.ts'
import { SCORECARD_MIGRATIONS } from './health/sqlite-scorecards.ts'
import { LEDGER_MIGRATIONS } from './ledger/migrations.ts'
import { LIMIT_MIGRATIONS } from './limits/sqlite-periods.ts'
import { OPEN_ATTEMPT_MIGRATIONS } from './open-attempts/sqlite.ts'
import { RECORD_MIGRATIONS } from './records/migrations.ts'
import { REVISION_MIGRATIONS } from './revisions/migrations.ts'
import { ROTATED_KEY_MIGRATIONS } from './rotated-keys/migrations.ts'
import { TENANCY_MIGRATIONS } from './tenancy/migrations.ts'

/** The parts of the state file and the newest version of each that this program knows. */
export const KNOWN_SCHEMAS: Readonly<Record<string, number>> = {
  records: RECORD_MIGRATIONS.length,
  ledger: LEDGER_MIGRATIONS.length,
  open_attempts: OPEN_ATTEMPT_MIGRATIONS.length,
  limits: LIMIT_MIGRATIONS.length,
  audit: AUDIT_MIGRATIONS.length,
  disables: DISABLE_MIGRATIONS.length,
  tenancy: TENANCY_MIGRATIONS.length,
  rotated_keys: ROTATED_KEY_MIGRATIONS.length,
  revisions: REVISION_MIGRATIONS.length,
  health: SCORECARD_MIGRATIONS.length,
}
