import type { ErrorCategory } from '../../errors/codes.ts'
import type { CallOutcome } from './store.ts'

/** What an outcome says of one side: it works, it fails, or nothing. */
export type Evidence = 'works' | 'fails' | 'nothing'

/** Failures that lie with the credential, its limits, the client or the gateway. They never open a circuit. */
const NOT_THE_TARGET: ReadonlySet<ErrorCategory> = new Set([
  'authentication',
  'authorization',
  'rate-limited',
  'quota-exceeded',
  'budget-exceeded',
  'invalid-request',
  'context-too-long',
  'unsupported-capability',
  'content-filtered',
  'not-found',
  'no-route',
  'cancelled',
  'config',
  'internal',
])

/** Failures of which it is sure that the provider could be reached: it answered. */
const ANSWERED: ReadonlySet<ErrorCategory> = new Set([
  'rate-limited',
  'quota-exceeded',
  'overloaded',
  'invalid-request',
  'context-too-long',
  'content-filtered',
  'server-error',
  'stream-interrupted',
  'not-found',
])

/** The reference's classes of failures that a scorecard counts; quota, credentials and the client's mistakes are neutral. */
const SCORED: ReadonlySet<ErrorCategory> = new Set([
  'rate-limited',
  'overloaded',
  'timeout',
  'network',
  'server-error',
  'stream-interrupted',
])

const isAnswer = ({ kind }: CallOutcome): boolean => kind === 'success' || kind === 'truncated' || kind === 'refusal'

/** What the outcome says of the target. A failure without a category counts: something went wrong there. */
export function evidenceOfTarget(outcome: CallOutcome): Evidence {
  if (isAnswer(outcome)) return 'works'
  if (outcome.kind !== 'failure') return 'nothing'
  return outcome.category !== undefined && NOT_THE_TARGET.has(outcome.category) ? 'nothing' : 'fails'
}

/** What the outcome says of the way to the provider: only that it could not be reached counts against it. */
export function evidenceOfProvider(outcome: CallOutcome): Evidence {
  const { kind, category, ttftMs, answered } = outcome
  if (isAnswer(outcome)) return 'works'
  if (kind === 'cancelled') return 'nothing'
  if (answered === true || ttftMs !== undefined || (category !== undefined && ANSWERED.has(category))) return 'works'
  return kind === 'failure' && (category === 'network' || category === 'timeout') ? 'fails' : 'nothing'
}

/** The sample a scorecard takes; undefined for what it does not count. */
export function sampleOf({ kind, category }: CallOutcome): 'success' | 'truncated' | 'failure' | undefined {
  if (kind === 'success' || kind === 'truncated') return kind
  return kind === 'failure' && (category === undefined || SCORED.has(category)) ? 'failure' : undefined
}
