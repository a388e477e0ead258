import type { Watch } from './open-watch.ts'
import { shareAccounts } from './share-accounts.ts'
import { createKnownModels } from '../catalog/known-models.ts'
import { createFactsOf } from '../catalog/target-facts.ts'
import type { Certifications } from '../catalog/certifications.ts'
import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import type { AccountPool } from '../credentials/account-pool.ts'
import { createEngine } from '../engine/create-engine.ts'
import { type AttemptLedger, createAttemptLedger } from '../engine/ledger/attempt-ledger.ts'
import { OwnCalls } from '../engine/ledger/own-calls.ts'
import { createCountTokens } from '../engine/count-tokens.ts'
import type { Engine } from '../engine/engine.ts'
import type { Limiter } from '../engine/limits/limiter.ts'
import { FormatFinder } from '../engine/formats/format-finder.ts'
import { createRequestIds } from '../engine/request-ids.ts'
import { createFormatFile, FORMATS_FILE } from '../state/formats/format-file.ts'
import type { Surroundings } from './surroundings.ts'
import { MediaStep } from '../engine/media/media-step.ts'
import { ENGINE_VERSION } from '../engine/version.ts'
import { observeTargets } from '../engine/observe-targets.ts'
import type { RunningCalls } from '../engine/running-calls.ts'
import type { FactsOf } from '../ir/snapshot.ts'
import type { ByteBudget } from '../lib/byte-budget.ts'
import { Deadlines } from '../lib/deadlines.ts'
import type { LiveConfig } from '../operations/live-config.ts'
import type { Transport } from '../transport/transport.ts'
import { createTokenizer, type Tokenizer } from '../runtime/tokenizer.ts'
import type { GatewayState } from '../state/open-state.ts'

/** What an engine is built of. */
export interface EngineParts extends Surroundings {
  readonly live: LiveConfig
  readonly transport: Transport
  readonly state: GatewayState
  readonly prices: LazyPrices
  readonly certifications: Certifications
  readonly watch: Watch
  readonly buffers: ByteBudget
  readonly limiter: Limiter
  readonly running: RunningCalls
}

/** Undefined without a ledger. */
function attemptLedger({
  live,
  state,
  prices,
  clock,
  watch,
}: Pick<EngineParts, 'live' | 'state' | 'prices' | 'clock' | 'watch'>) {
  if (state.ledger === undefined) return undefined
  return createAttemptLedger({
    ledger: state.ledger.writer,
    openAttempts: state.ledger.openAttempts,
    prices,
    hostOf: live.hostOf,
    clock,
    settled({ party, usage, nanos }, { record }) {
      // Where nobody knows what was used, no price would tell the cost.
      if (nanos === undefined && usage === undefined) return
      watch.costSettled({ snapshot: live.snapshot(), providerId: party.provider, targetId: record.target_id, nanos })
    },
  })
}

const callsOfItsOwn = (
  ledger: AttemptLedger | undefined,
  { limiter, clock, logger }: Pick<EngineParts, 'limiter' | 'clock' | 'logger'>,
): OwnCalls =>
  new OwnCalls({
    ledger,
    budget: limiter.own,
    generateId: createRequestIds(clock),
    failed: (error) => logger.error({ reason: String(error) }, 'what a probe used could not be counted towards budgets'),
  })

/** An engine, and the parts of it that others ask too. */
export interface BuiltEngine {
  readonly engine: Engine
  readonly accounts: AccountPool
  readonly factsOf: FactsOf
  readonly tokenizer: Tokenizer
  readonly formats: FormatFinder
  readonly ownCalls: OwnCalls
}

/** The engine behind every ingress. */
export function buildEngine({
  live,
  transport,
  state,
  prices,
  certifications,
  clock,
  buffers,
  limiter,
  watch,
  running,
  dataDir,
  logger,
}: EngineParts): BuiltEngine {
  const { records, health, affinity, signatures, disables } = state
  const { snapshot, hostOf } = live
  const accounts = shareAccounts({ providers: live.pooled, clock, disables }, state.coordination)
  const tokenizer = createTokenizer({ timeoutMs: 5_000, idleMs: 60_000 })
  const modelFacts = createKnownModels({ snapshot, hostOf })
  const ledger = attemptLedger({ live, state, prices, clock, watch })
  const ownCalls = callsOfItsOwn(ledger, { limiter, clock, logger })
  const formats = new FormatFinder({
    clock,
    accounts,
    ownCalls,
    providerOf: ({ provider }) => live.revision.providers.get(provider),
    store: dataDir && createFormatFile(dataDir.file(FORMATS_FILE), (message) => logger.warn({}, message)),
  })
  const factsOf = createFactsOf({ snapshot, modelFacts, hostOf, prices, clock, certifications })
  const engine = createEngine({
    clock,
    deadlines: new Deadlines(clock),
    revision: () => live.revision,
    accounts,
    health,
    affinity,
    signatures,
    observed: observeTargets({ accounts, health, disables, limiter }),
    limiter,
    records,
    running,
    ledger,
    formats,
    requestEnded: watch.requestEnded,
    traces: watch.traces,
    buffers,
    random: Math.random,
    salt: () => state.sessionSalt,
    modelFacts,
    media: new MediaStep({ transport, clock, buffers, userAgent: `switchback/${ENGINE_VERSION}` }),
    factsOf,
    prices,
    countTokens: createCountTokens({ clock, accounts, tokenizer, limiter }),
  })
  return { engine, accounts, factsOf, tokenizer, formats, ownCalls }
}
