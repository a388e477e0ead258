import { GatewayError } from '../errors/gateway-error.ts'
import type { AnswerOrigin } from '../ir/question.ts'
import type { AffinityStore, Origin } from '../state/affinity/store.ts'
import type { AttemptRun } from './attempt-run.ts'
import { ownerOf } from './conversation.ts'
import type { Call } from './engine.ts'
import { sessionName } from './session-id.ts'
import type { StreamFacts } from './stream-facts.ts'

/**
 * The answer that a call continues, or the file or batch that it is about, as far as it is remembered. Undefined when the call carries its
 * whole conversation.
 */
export interface PreviousAnswer {
  readonly origin: AnswerOrigin
  /** Name of the conversation it belongs to. */
  readonly session: string | undefined
}

const FORGOTTEN: PreviousAnswer = { origin: { kind: 'unknown' }, session: undefined }

export function previousAnswer(
  { request, principal, endpoint }: Pick<Call, 'request' | 'principal' | 'endpoint'>,
  affinity: Pick<AffinityStore, 'origin'>,
): PreviousAnswer | undefined {
  const answer = endpoint?.object ?? request.state?.previousResponseId
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

/** A file or batch that this caller has not made, or that is not remembered any more. */
export const objectNotFound = (): GatewayError =>
  new GatewayError(
    'object_not_found',
    'There is no such file or batch of this caller, or it was made too long ago for the gateway to know which account keeps it. Make it again.',
  )

/** Whether a file or batch is this caller's, as far as that is remembered. */
export const isOwned = (
  answer: string,
  { principal }: Pick<Call, 'principal'>,
  affinity: Pick<AffinityStore, 'origin'>,
): boolean => affinity.origin({ owner: ownerOf(principal), answer }) !== undefined

/** Remembers which account keeps files and batches, for whoever made them. */
export function rememberObjects(
  ids: readonly string[],
  { call, target, account }: Pick<AttemptRun, 'call' | 'target' | 'account'>,
  affinity: Pick<AffinityStore, 'rememberOrigin'>,
): void {
  for (const answer of ids)
    affinity.rememberOrigin({ owner: ownerOf(call.principal), answer }, { target: target.id, account: account.id, session: '' })
}
