import type { Clock } from '../../lib/clock.ts'
import type { PostgresAddress } from '../postgres/address.schema.ts'
import { onOwnDatabase } from '../postgres/on-own-database.ts'
import { createPostgresRecords } from './postgres.ts'
import type { RecordStore, UnpackRecord } from './store.ts'

/** The records of all gateways on a database, for looking into them: nothing is created. */
export const openSharedRecords = (
  address: PostgresAddress,
  { clock, unpack }: { readonly clock: Clock; readonly unpack: UnpackRecord },
): RecordStore =>
  onOwnDatabase(
    address,
    clock,
    (database) => createPostgresRecords({ database, clock, unpack, warn: () => undefined, writer: 'reader' }),
    { readOnly: true },
  )
