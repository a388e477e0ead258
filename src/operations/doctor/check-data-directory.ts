import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { dataDirOwner } from '../../state/data-dir.ts'
import { STATE_FILE } from '../../state/records/open.ts'
import { openRecordSource } from '../open-record-source.ts'
import { failure, fine, warning, type Finding } from './finding.ts'

export interface DataDirectoryOptions {
  readonly dataDir: string
  /** `state.store` of the configuration. */
  readonly store: string | undefined
  readonly clock: Clock
}

/** Below this, records of a busy day may not fit. */
const LITTLE_SPACE = 500 * 1024 * 1024
const ELSEWHERE = 'Choose another with --data-dir or SWITCHBACK_HOME, or correct its rights.'

/** Whether the gateway can keep its state, without changing anything. */
export async function checkDataDirectory(options: DataDirectoryOptions): Promise<Finding[]> {
  const { dataDir, store } = options
  const folder = checkFolder(dataDir)
  if (folder.some(({ status }) => status === 'failure')) return folder
  const owner = dataDirOwner(dataDir)
  const user =
    owner === undefined ? '' : `; process ${owner.pid} serves from it${owner.url === undefined ? '' : ` at ${owner.url}`}`
  const kept = store === 'memory' ? '; request records are kept in memory' : ''
  return [fine('data', `${dataDir} can be used${user}${kept}.`), ...folder, ...(await checkDatabase(options))]
}

function checkFolder(path: string): Finding[] {
  const existing = nearestExisting(path)
  try {
    const facts = statSync(existing)
    if (!facts.isDirectory()) return [failure('data', `${existing} is no folder, so nothing can be kept in ${path}.`, ELSEWHERE)]
    accessSync(existing, constants.R_OK | constants.W_OK | constants.X_OK)
    const others = existing === path && (facts.mode & 0o077) !== 0
    const space = statfsSync(existing)
    const free = space.bavail * space.bsize
    return [
      ...(others ? [warning('data', `Others on this machine may look into ${path}.`, `chmod 700 ${path}`)] : []),
      ...(free < LITTLE_SPACE
        ? [
            warning(
              'data',
              `Only ${Math.floor(free / 1024 / 1024)} MiB are free where ${path} lies.`,
              'Make room, or shorten retention.requests.',
            ),
          ]
        : []),
    ]
  } catch (error) {
    return [failure('data', `This user may not write to ${existing} (${reasonOf(error)}).`, ELSEWHERE)]
  }
}

/** The folder itself, or where it would be made. */
function nearestExisting(path: string): string {
  let folder = path
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  return folder
}

/** Records written by a newer version, or by no Switchback at all, would keep the gateway from starting. */
async function checkDatabase({ dataDir, store, clock }: DataDirectoryOptions): Promise<Finding[]> {
  const path = store ?? join(dataDir, STATE_FILE)
  if (path === 'memory' || !existsSync(path)) return []
  try {
    const source = await openRecordSource({ kind: 'files', dataDir, state: { store, shared: undefined }, clock })
    await source.close()
    return []
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return [failure('data', error.message)]
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : String(error))
