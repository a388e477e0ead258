import { randomBytes } from 'node:crypto'
import { codecs } from './codecs/registry.ts'
import { catalogueFacts } from './catalog/model-facts.ts'
import type { CompiledConfig } from './config/compile.ts'
import { createAccountPool } from './credentials/account-pool.ts'
import { createEngine } from './engine/create-engine.ts'
import { createCountTokens } from './engine/count-tokens.ts'
import type { Engine } from './engine/engine.ts'
import { ENGINE_VERSION } from './engine/version.ts'
import type { ModelFacts } from './codecs/codec.ts'
import { createHttpApp } from './http/http-app.ts'
import type { HttpApp } from './http/http-app.types.ts'
import { asRequestId } from './ir/ids.ts'
import type { Target } from './ir/target.ts'
import { systemClock, type Clock } from './lib/clock.ts'
import { Deadlines } from './lib/deadlines.ts'
import { silentLogger, type Logger } from './observability/logger.ts'
import { storeRecordSource } from './operations/record-source.ts'
import { createProvider } from './providers/registry.ts'
import type { Provider } from './providers/provider.types.ts'
import { createTokenizer } from './runtime/tokenizer.ts'
import { takeDataDir } from './state/data-dir.ts'
import { openRecords, STATE_FILE } from './state/records/open.ts'
import type { RecordStore } from './state/records/store.ts'
import { createFetchTransport } from './transport/fetch-transport.ts'

export { codecs }

export interface GatewayOptions {
  readonly config: CompiledConfig
  /** Directory for state, held by this gateway alone. Undefined keeps everything in memory. */
  readonly dataDir?: string | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** A gateway, ready to serve requests handed to `fetch`; `listen` opens its port. */
export interface Gateway {
  readonly fetch: HttpApp['fetch']
  readonly engine: Engine
  readonly records: RecordStore
  listen(): Promise<{ readonly url: string; readonly port: number }>
  /** Takes no new requests, finishes those that run (up to the configured drain time), and releases everything. */
  close(): Promise<void>
}
