import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Clock } from '../lib/clock.ts'

const ID_BYTES = 8

export interface ReplicaCardOptions {
  readonly clock: Pick<Clock, 'wall'>
  readonly version: string
  readonly configHash: string
}

/** What this process tells others of itself. Its id is random, so that no process that ever runs has the same. */
export const createReplicaCard = (
  options: ReplicaCardOptions,
): { id: string; host: string; pid: number; started: string; version: string; configHash: string } => ({
  id: randomBytes(ID_BYTES).toString('hex'),
  host: hostname(),
  pid: process.pid,
  started: new Date(options.clock.wall()).toISOString(),
  version: options.version,
  configHash: options.configHash,
})
