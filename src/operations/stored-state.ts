import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../lib/clock.ts'
import { ClosingList } from '../lib/closing-list.ts'
import { openAudit } from '../state/audit/open.ts'
import { createPostgresAudit } from '../state/audit/postgres.ts'
import type { AuditStore } from '../state/audit/store.ts'
import { takeDataDir } from '../state/data-dir.ts'
import { openDisables } from '../state/disables/open.ts'
import { createPostgresDisables } from '../state/disables/postgres.ts'
import type { DisableStore } from '../state/disables/store.ts'
import { openCommandDatabase } from '../state/postgres/open-command-database.ts'
import { STATE_FILE } from '../state/records/open.ts'
import { openRevisions } from '../state/revisions/open.ts'
import { createPostgresRevisions } from '../state/revisions/postgres.ts'
import type { RevisionStore } from '../state/revisions/store.ts'
import type { SharedStateSettings, StateSettings } from '../state/state.schema.ts'
import { openTenancy } from '../state/tenancy/open.ts'
import { createPostgresTenancy } from '../state/tenancy/postgres.ts'
import type { TenancyStore } from '../state/tenancy/store.ts'

/** State that a command changes itself, because no gateway runs here to be told. */
export interface StoredPlace {
  readonly dataDir: string
  readonly config: { readonly state: Pick<StateSettings, 'store' | 'shared'> }
  readonly clock: Clock
  readonly pid: number
}

/** The parts of it, each opened when it is asked for and closed when the command is done. */
export interface StoredState {
  audit(): AuditStore
  tenancy(): TenancyStore
  disables(): Promise<DisableStore>
  revisions(): RevisionStore
}

/** Who finds a change: the next gateway in a file, or all gateways on a database, which look there every second. */
export type StoredTold = { readonly file: string } | { readonly database: string }

export function storedTold({ config: { state }, dataDir }: StoredPlace): StoredTold {
  return state.shared === undefined
    ? { file: state.store ?? join(dataDir, STATE_FILE) }
    : { database: databaseName(state.shared) }
}

/** How a shared database is told. */
export const databaseName = ({ postgres: { host, port, database } }: SharedStateSettings): string => `${host}:${port}/${database}`

/**
 * Opens the state for a command. Files are held meanwhile, so that no gateway starts in between and misses the change; `beside` a gateway
 * only what it looks at again (revisions, the audit) may be changed. Throws `data_dir_locked`, `state_unavailable` or `state_incompatible`.
 */
export async function withStoredState<Result>(
  place: StoredPlace,
  act: (state: StoredState) => Promise<Result>,
  access: 'held' | 'beside' = 'held',
): Promise<Result> {
  const opened = new ClosingList()
  try {
    return await act(place.config.state.shared === undefined ? inFiles(place, opened, access) : inDatabase(place, opened))
  } finally {
    await opened.close()
  }
}

const NOBODY = { announce: () => undefined, listen: () => undefined }

function inDatabase({ config: { state }, clock }: StoredPlace, opened: ClosingList): StoredState {
  const database = opened.add(openCommandDatabase({ address: state.shared!.postgres, clock }))
  return {
    audit: () => opened.add(createPostgresAudit(database)),
    tenancy: () => opened.add(createPostgresTenancy({ database, clock, coordination: NOBODY })),
    async disables() {
      const disables = opened.add(createPostgresDisables({ database, clock, coordination: NOBODY }))
      await disables.load()
      return disables
    },
    revisions: () => opened.add(createPostgresRevisions({ database, clock, coordination: NOBODY })),
  }
}

function inFiles(
  { config: { state }, dataDir, clock, pid }: StoredPlace,
  opened: ClosingList,
  access: 'held' | 'beside',
): StoredState {
  const store = state.store ?? join(dataDir, STATE_FILE)
  if (store === 'memory') {
    throw new GatewayError(
      'state_unavailable',
      'This configuration keeps its state in memory only (state.store: memory), and no gateway runs here to be told. Name a running one with --url.',
    )
  }
  if (access === 'held') {
    const held = takeDataDir({ path: dataDir, pid, startedAt: clock.wall() })
    opened.addEnd(() => held.release())
  } else mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  return {
    audit: () => opened.add(openAudit({ store, clock })),
    tenancy: () => opened.add(openTenancy({ store, clock })),
    disables: async () => opened.add(openDisables({ store, clock })),
    revisions: () => opened.add(openRevisions({ store, clock })),
  }
}
