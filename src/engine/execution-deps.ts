import type { ModelFacts } from '../codecs/codec.ts'
import type { AccountPool } from '../credentials/account-pool.ts'
import type { RoutePlan } from '../ir/decision.ts'
import type { ProviderId } from '../ir/ids.ts'
import type { Route, RoutingSnapshot, StreamSettings } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import type { Clock } from '../lib/clock.ts'
import type { ByteBudget } from '../lib/byte-budget.ts'
import type { Deadlines } from '../lib/deadlines.ts'
import type { Tracing } from '../observability/tracing/request-traces.ts'
import type { Provider } from '../providers/provider.types.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { AffinityStore } from '../state/affinity/store.ts'
import type { HealthStore } from '../state/health/store.ts'
import type { SignatureStore } from '../state/signatures/store.ts'
import type { RecordStore } from '../state/records/store.ts'
import type { Conversation } from './conversation.ts'
import type { RunningCalls } from './running-calls.ts'
import type { CallLimits, Limiter } from './limits/limiter.ts'
import type { FormatFinder } from './formats/format-finder.ts'
import type { Call } from './engine.ts'
import type { MediaSettings } from './media/media.schema.ts'
import type { MediaStep } from './media/media-step.ts'
import type { AttemptLedger } from './ledger/attempt-ledger.ts'
import type { RecordSeed } from './record/record-seed.ts'

/** One revision of the configuration at work. A request keeps the one it began with. */
export interface Revision {
  readonly snapshot: RoutingSnapshot
  readonly providers: ReadonlyMap<ProviderId, Provider>
  readonly stream: StreamSettings
  /** Most bytes of a whole answer. */
  readonly maxAnswerBytes: number
  /** How media is fetched; undefined where none is. */
  readonly media?: MediaSettings | undefined
}

/** What the engine runs on. */
export interface ExecutionDeps {
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly accounts: AccountPool
  readonly health: HealthStore
  readonly affinity: Pick<AffinityStore, 'origin' | 'rememberOrigin'>
  /** Signatures of calls, for clients that keep none. */
  readonly signatures?: SignatureStore | undefined
  readonly records: Pick<RecordStore, 'append'>
  /** Hears of every request that has ended, after its record was handed in. */
  readonly requestEnded?: ((seed: RecordSeed) => void) | undefined
  /** Undefined where nothing is traced. */
  readonly traces?: Tracing | undefined
  /** Bytes held in large buffers, of the process. */
  readonly buffers: ByteBudget
  /** 0 ≤ x < 1, for back-off jitter. */
  readonly random: () => number
  readonly modelFacts: (target: Target) => ModelFacts
  /** Hears what calls to upstreams of `format: auto` met. */
  readonly formats?: Pick<FormatFinder, 'heard'> | undefined
  /** Without it media that is named by address is not fetched. */
  readonly media?: MediaStep | undefined
  /** Calls that may be ended from outside; without it none can. */
  readonly running?: RunningCalls | undefined
  /** Limits and budgets; without it nothing is limited. */
  readonly limiter?: Limiter | undefined
  /** Told what each attempt used, when it has ended. Without it nothing is accounted for. */
  readonly ledger?: AttemptLedger | undefined
  /** Told when the execution is over and its record handed in. */
  readonly onSettled: (call: Call) => void
}

/** What was decided for the call. */
export interface Decided {
  readonly revision: Revision
  readonly snapshot: RoutingSnapshot
  readonly route: Route
  readonly plan: RoutePlan
  readonly question: DecisionQuestion
  /** Undefined when the client names none. */
  readonly conversation: Conversation | undefined
  /** The client may continue the answer by its id. */
  readonly isContinuable: boolean
  /** What the call holds; undefined when nothing limits it. */
  readonly limits?: CallLimits | undefined
}
