import type { Clock } from '../lib/clock.ts'
import { type DataDir, joinDataDir, takeDataDir } from '../state/data-dir.ts'

export interface DataDirPlace {
  readonly dataDir?: string | undefined
  /** Set in one of several processes whose data directory is held by whoever started them. */
  readonly worker?: number | undefined
}

/** The data directory of this process; undefined keeps everything in memory. Throws `data_dir_locked` or `state_unavailable`. */
export function openDataDir({ dataDir: path, worker }: DataDirPlace, clock: Clock): DataDir | undefined {
  if (path === undefined) return undefined
  return worker !== undefined ? joinDataDir(path) : takeDataDir({ path, pid: process.pid, startedAt: clock.wall() })
}
