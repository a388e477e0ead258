import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../observability/logger.ts'
import type { DataDir } from '../state/data-dir.ts'

/** What every part of a gateway has around it. */
export interface Surroundings {
  /** Undefined keeps everything in memory. */
  readonly dataDir: DataDir | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** Number of one of several processes on one address. */
  readonly worker?: number | undefined
}
