import type { Clock } from '../lib/clock.ts'
import {
  createWorkerPool,
  WorkerEnded,
  type WorkerListening,
  type WorkerPool,
  type WorkerPoolOptions,
} from '../runtime/worker-pool.ts'
import { takeDataDir } from '../state/data-dir.ts'

export interface ServeWorkersOptions extends Pick<WorkerPoolOptions, 'count' | 'argumentsFor' | 'envFor' | 'onRestart'> {
  readonly dataDir: string
  readonly pid: number
  readonly clock: Clock
}

/** A worker could not start, and has said why on stderr. */
export interface FailedWorkers {
  readonly exitCode: number
}

export interface ServingWorkers extends Pick<WorkerPool, 'kill' | 'reload'> {
  readonly listening: WorkerListening
  /** Lets all of them finish what they serve, then gives the data directory back. */
  stop(): Promise<void>
}

/**
 * Starts processes that serve on one address, with the data directory held for all of them. Throws `data_dir_locked` or `state_unavailable`.
 */
export async function serveWorkers(options: ServeWorkersOptions): Promise<ServingWorkers | FailedWorkers> {
  const { dataDir, pid, clock } = options
  const held = takeDataDir({ path: dataDir, pid, startedAt: clock.wall() })
  const pool = createWorkerPool(options)
  try {
    const listening = await pool.start()
    held.announce(listening.url)
    return {
      listening,
      kill: () => pool.kill(),
      reload: () => pool.reload(),
      async stop() {
        await pool.stop()
        held.release()
      },
    }
  } catch (error) {
    held.release()
    if (error instanceof WorkerEnded) return { exitCode: error.exitCode }
    throw error
  }
}
