import type { Clock } from '../../lib/clock.ts'
import type { PostgresAddress } from '../postgres/address.schema.ts'
import { onOwnDatabase } from '../postgres/on-own-database.ts'
import { createPostgresAudit } from './postgres.ts'
import type { AuditStore } from './store.ts'

/** The audit of all gateways on a database, for a command. */
export const openSharedAudit = (
  address: PostgresAddress,
  clock: Clock,
  access: { readonly readOnly?: boolean } = {},
): AuditStore => onOwnDatabase(address, clock, createPostgresAudit, access)
