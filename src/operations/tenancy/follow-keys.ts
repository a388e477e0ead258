import { RunningCalls } from '../../engine/running-calls.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../observability/logger.ts'
import { KeyDirectory, type KeyDirectoryOptions } from '../../state/tenancy/key-directory.ts'
import type { TenancyStore } from '../../state/tenancy/store.ts'

/** Issued keys in memory, and the calls that end with them. */
export interface FollowedKeys {
  readonly keys: KeyDirectory
  readonly running: RunningCalls
  /** Reads all keys and follows their changes from then on. Rejects when they cannot be read, and may then be asked again. */
  read(): Promise<void>
  /** Follows no longer. Before the store is closed. */
  close(): Promise<void>
}

export interface FollowKeysOptions extends Pick<KeyDirectoryOptions, 'tenantLists'> {
  readonly clock: Clock
  readonly logger: Logger
}

/** Keeps a running gateway at the keys of a store. */
export function followKeys(store: TenancyStore, { clock, logger, tenantLists }: FollowKeysOptions): FollowedKeys {
  const running = new RunningCalls()
  const keys = new KeyDirectory({
    clock,
    tenantLists,
    onEnded: (ended) => running.end(ended),
  })
  let reading: Promise<void> | undefined
  return {
    keys,
    running,
    read() {
      reading ??= keys.follow(store).catch((error: unknown) => {
        keys.close()
        reading = undefined
        logger.error({ error }, 'issued keys could not be read')
        throw error
      })
      return reading
    },
    async close() {
      keys.close()
      await reading?.catch(() => undefined) // it was told when it happened
    },
  }
}
