import type { ModelFacts } from '../codecs/codec.ts'
import type { AccountPool } from '../credentials/account-pool.ts'
import type { RoutePlan } from '../ir/decision.ts'
import type { ProviderId } from '../ir/ids.ts'
import type { Route, RoutingSnapshot, StreamSettings } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import type { Clock } from '../lib/clock.ts'
import type { Deadlines } from '../lib/deadlines.ts'
import type { Provider } from '../providers/provider.types.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { HealthStore } from '../state/health/store.ts'
import type { RecordStore } from '../state/records/store.ts'
import type { Conversation } from './conversation.ts'
import type { AttemptLedger } from './ledger/attempt-ledger.ts'

/** What the engine runs on. */
export interface ExecutionDeps {
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly providers: ReadonlyMap<ProviderId, Provider>
  readonly accounts: AccountPool
  readonly health: HealthStore
  readonly records: Pick<RecordStore, 'append'>
  readonly stream: StreamSettings
  /** 0 ≤ x < 1, for back-off jitter. */
  readonly random: () => number
  readonly modelFacts: (target: Target) => ModelFacts
  /** Told what each attempt used, when it has ended. Without it nothing is accounted for. */
  readonly ledger?: AttemptLedger | undefined
  /** Told when the execution is over and its record handed in. */
  readonly onSettled: () => void
}

/** What was decided for the call. */
export interface Decided {
  readonly snapshot: RoutingSnapshot
  readonly route: Route
  readonly plan: RoutePlan
  readonly question: DecisionQuestion
  /** Undefined when the client names none. */
  readonly conversation: Conversation | undefined
}
