import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DATASET_RELEASE } from '../../catalog/prices/dataset-release.data.ts'
import { failure, fine, warning, type Finding } from './finding.ts'

const TOLERANCE_MS = 5 * 60_000
const ADVICE = 'Set the clock, best by NTP: retention, price ages, bans and Retry-After dates depend on it.'

/**
 * Whether the clock can be right: this version was not made in the future, and neither was what stands in the data directory. `now` is Unix
 * milliseconds.
 */
export function checkClock(dataDir: string, now: number): Finding[] {
  const time = new Date(now).toISOString()
  if (now < Date.parse(DATASET_RELEASE.asOf))
    return [failure('clock', `The clock says ${time}, which is before this version was made (${DATASET_RELEASE.asOf}).`, ADVICE)]
  const newest = newestFile(dataDir)
  if (newest !== undefined && newest > now + TOLERANCE_MS)
    return [
      warning(
        'clock',
        `The clock says ${time}, but the data directory was written at ${new Date(newest).toISOString()}: it has been set back, or was ahead then.`,
        ADVICE,
      ),
    ]
  return [fine('clock', `The clock says ${time}.`)]
}

function newestFile(folder: string): number | undefined {
  try {
    const times = readdirSync(folder).map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0)
    return times.length === 0 ? undefined : Math.max(...times)
  } catch {
    return undefined // a folder that is not there, or may not be read, is told by another check
  }
}
