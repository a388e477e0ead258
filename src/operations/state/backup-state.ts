import { constants, copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { GatewayError } from '../../errors/gateway-error.ts'
import { CERTIFICATION_FILE } from '../../state/certifications/file.ts'
import { PRICE_FILE } from '../../state/prices/price-file.ts'
import { faultsOf } from './check-state.ts'
import { openToRead, reasonOf, stateFile, type StatePlace } from './state-file.ts'

export interface Backup {
  readonly from: string
  readonly to: string
  readonly bytes: number
  /** Where the operator's prices were copied to; undefined when there are none. */
  readonly prices?: string | undefined
  /** The same of certifications. */
  readonly certifications?: string | undefined
}

/**
 * Copies the state as it is at one moment into a new file, whether a gateway runs or not; the gateway goes on writing. The copy is checked
 * before it gets its name. Throws `state_unavailable`, and leaves nothing behind then.
 */
export function backupState(place: StatePlace, target: string): Backup {
  const from = stateFile(place)
  const to = resolve(target)
  if (existsSync(to))
    throw new GatewayError('state_unavailable', `${to} exists already. Name a new file: a backup never replaces another one.`)
  const prices = copyOf(place, PRICE_FILE, to)
  const certifications = copyOf(place, CERTIFICATION_FILE, to)
  const unfinished = `${to}.unfinished`
  rmSync(unfinished, { force: true })
  try {
    copy(from, unfinished)
    for (const file of [prices, certifications]) if (file !== undefined) copyFileSync(file.from, file.to, constants.COPYFILE_EXCL)
    renameSync(unfinished, to)
  } catch (cause) {
    rmSync(unfinished, { force: true })
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError(
      'state_unavailable',
      `The backup ${to} cannot be written: ${reasonOf(cause)}. Check the folder and the free space.`,
      { cause },
    )
  }
  return { from, to, bytes: statSync(to).size, prices: prices?.to, certifications: certifications?.to }
}

/** What stands in a file of its own is copied beside the copy of the state; undefined when there is none. */
function copyOf(
  { dataDir }: StatePlace,
  file: string,
  backup: string,
): { readonly from: string; readonly to: string } | undefined {
  const from = join(dataDir, file)
  return existsSync(from) ? { from, to: `${backup}.${file}` } : undefined
}

function copy(from: string, to: string): void {
  const database = openToRead(from)
  try {
    database.prepare('VACUUM INTO ?').run(to)
  } finally {
    database.close()
  }
  const faults = faultsOf(to)
  if (faults.length > 0)
    throw new GatewayError(
      'state_unavailable',
      `The copy of ${from} is damaged (${faults.join('; ')}). Run "switchback state check".`,
    )
}
