import type { AnswerOrigin } from '../ir/question.ts'
import type { AffinityStore, Origin } from '../state/affinity/store.ts'
import type { AttemptRun } from './attempt-run.ts'
import { ownerOf } from './conversation.ts'
import type { Call } from './engine.ts'
import { sessionName } from './session-id.ts'
import type { StreamFacts } from './stream-facts.ts'

/** The answer that a call continues, as far as it is remembered. Undefined when the call carries its whole conversation. */
export interface PreviousAnswer {
  readonly origin: AnswerOrigin
  /** Name of the conversation it belongs to. */
  readonly session: string | undefined
}

const FORGOTTEN: PreviousAnswer = { origin: { kind: 'unknown' }, session: undefined }

export function previousAnswer(
  { request, principal }: Pick<Call, 'request' | 'principal'>,
  affinity: Pick<AffinityStore, 'origin'>,
): PreviousAnswer | undefined {
  const answer = request.state?.previousResponseId
  if (answer === undefined) return undefined
  const found = affinity.origin({ owner: ownerOf(principal), answer })
  if (found === undefined) return FORGOTTEN
  return { origin: { kind: 'known', target: found.target, account: found.account }, session: found.session }
}

/**
 * Remembers an answer that its client may continue, and names the conversation it belongs to: `session`, or without one the answer begins
 * it. Undefined when no id was told yet.
 */
export function rememberAnswer(
  attempt: Pick<AttemptRun, 'call' | 'target' | 'account' | 'answerIdOf'>,
  facts: StreamFacts,
  session: string | undefined,
  affinity: Pick<AffinityStore, 'rememberOrigin'>,
): string | undefined {
  const { call, target, account } = attempt
  const answer = attempt.answerIdOf(facts)
  if (answer === undefined) return undefined
  const origin: Origin = { target: target.id, account: account.id, session: session ?? sessionName(answer) }
  affinity.rememberOrigin({ owner: ownerOf(call.principal), answer }, origin)
  return origin.session
}
