import { join } from 'node:path'
import type { CompiledConfig } from '../config/compile.ts'
import type { StorePlace } from '../state/store-place.ts'
import { STATE_FILE } from '../state/records/open.ts'

/** Where gateways of a configuration keep what outlives them; undefined when that is nowhere. */
export function storePlace({ state: { shared, store } }: Pick<CompiledConfig, 'state'>, dataDir: string): StorePlace | undefined {
  if (store === 'memory') return undefined
  if (shared !== undefined) return { kind: 'shared', postgres: shared.postgres }
  return { kind: 'file', path: store ?? join(dataDir, STATE_FILE) }
}
