import { RunningCalls } from '../../engine/running-calls.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../observability/logger.ts'
import { KeyDirectory } from '../../state/tenancy/key-directory.ts'
import type { TenancyStore } from '../../state/tenancy/store.ts'

/** Issued keys in memory, and the calls that end with them. */
export interface FollowedKeys {
  readonly keys: KeyDirectory
  readonly running: RunningCalls
  /** Resolves when all keys have been read; rejects when they could not be. */
  readonly read: Promise<void>
  /** Follows no longer. Before the store is closed. */
  close(): Promise<void>
}

/** Keeps a running gateway at the keys of a store. */
export function followKeys(
  store: TenancyStore,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): FollowedKeys {
  const running = new RunningCalls()
  const keys = new KeyDirectory({
    clock,
    warn: (message, facts) => logger.error(facts, message),
    onEnded: (ended) => running.end(ended),
  })
  const read = keys.follow(store)
  read.catch((error: unknown) => logger.error({ error }, 'issued keys could not be read'))
  return {
    keys,
    running,
    read,
    async close() {
      keys.close()
      await read.catch(() => undefined) // it was told when it happened
    },
  }
}
