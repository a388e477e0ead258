import type { CompiledConfig } from '../config/compile.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { isObject, type JsonObject } from '../ir/json.ts'
import type { Origin } from './audited.ts'
import { disableAudited, enableAudited } from './audited-switches.ts'
import { callGateway, type GatewayAddress } from './call-gateway.ts'
import { nameOfSubject, pathOfName, subjectNamed, type DisableScope } from './disable-subject.ts'
import { readDisableTerms } from './disable-terms.ts'
import { storedTold, withStoredState, type StoredPlace, type StoredTold } from './stored-state.ts'

/** An order as an operator types it. */
export interface TypedOrder {
  readonly action: 'disable' | 'enable' | 'reset'
  readonly scope: DisableScope
  /** Name of the subject: `openai`, `openai/main`, `openai/gpt-5`. */
  readonly name: string
  readonly reason?: string | undefined
  /** A time such as `30m`. */
  readonly for?: string | undefined
}

/** Where an order goes: to a gateway that runs, or into the files that the next one reads. */
export type SwitchPlace =
  | { readonly kind: 'gateway'; readonly gateway: GatewayAddress }
  | (StoredPlace & {
      readonly kind: 'files'
      readonly config: Pick<CompiledConfig, 'routing' | 'state'>
      /** Who orders it. */
      readonly by: string
      /** Name of the person at the terminal. */
      readonly user: string | undefined
    })

/** What came of an order, and who has it now. */
export interface SwitchResult {
  readonly name: string
  /** Address of the gateway that follows it already, the file in which the next one finds it, or the database that all of them look into. */
  readonly told: { readonly gateway: string } | StoredTold
  /** The gateway's own answer, or the same from the files. */
  readonly answer: JsonObject
}

/**
 * Carries an order out. Checks it before anyone is told. Throws `invalid_body`, `subject_not_found`, `data_dir_locked`,
 * `state_unavailable`, or what `callGateway` throws.
 */
export async function carryOut(place: SwitchPlace, order: TypedOrder): Promise<SwitchResult> {
  const { action, scope } = order
  const subject = subjectNamed(scope, order.name)
  const name = nameOfSubject(subject)
  const { reason, forMs } = readDisableTerms({ reason: order.reason, for: order.for })
  if (place.kind === 'gateway') {
    const body = JSON.stringify({ reason, for: forMs })
    const reply = await callGateway(place.gateway, { path: `/v1/${scope}s/${pathOfName(order.name)}/${action}`, body })
    return { name, told: { gateway: place.gateway.url }, answer: answerOf(reply.body, place.gateway.url) }
  }
  if (action === 'reset') {
    throw new GatewayError(
      'upstream_connect_failed',
      `No gateway runs on ${place.dataDir}, so there is nothing to reset: locks of accounts end with the process. Name a running one with --url.`,
    )
  }
  const { config, by, clock, user } = place
  const answer = await withStoredState<object>(place, async (state) => {
    const parts = { snapshot: () => config.routing, disables: await state.disables() }
    const origin: Origin = { actor: { kind: 'terminal', id: user }, source: { via: 'command' } }
    const who = { by, origin, audit: { audit: state.audit(), clock } }
    return action === 'disable'
      ? disableAudited(parts, who, subject, { reason, forMs })
      : enableAudited(parts, who, subject, reason)
  })
  return { name, told: storedTold(place), answer: { ...answer } }
}

function answerOf(body: unknown, url: string): JsonObject {
  if (isObject(body)) return body
  throw new GatewayError(
    'upstream_bad_response',
    `${url} did not answer as a gateway does. Is it a Switchback gateway of this version?`,
  )
}
