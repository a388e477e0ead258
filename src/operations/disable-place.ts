import { join } from 'node:path'
import type { CompiledConfig } from '../config/compile.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { isObject, type JsonObject } from '../ir/json.ts'
import type { Clock } from '../lib/clock.ts'
import { takeDataDir } from '../state/data-dir.ts'
import { openAudit } from '../state/audit/open.ts'
import { openSharedAudit } from '../state/audit/open-shared.ts'
import type { AuditStore } from '../state/audit/store.ts'
import { openSharedDisables } from '../state/disables/open-shared.ts'
import { openDisables } from '../state/disables/open.ts'
import type { DisableStore } from '../state/disables/store.ts'
import type { PostgresAddress } from '../state/postgres/address.schema.ts'
import { STATE_FILE } from '../state/records/open.ts'
import type { Origin } from './audited.ts'
import { disableAudited, enableAudited } from './audited-switches.ts'
import { callGateway, type GatewayAddress } from './call-gateway.ts'
import { nameOfSubject, pathOfName, subjectNamed, type DisableScope } from './disable-subject.ts'
import { readDisableTerms } from './disable-terms.ts'

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
  | {
      readonly kind: 'files'
      readonly dataDir: string
      readonly config: Pick<CompiledConfig, 'routing' | 'state'>
      readonly clock: Clock
      readonly pid: number
      /** Who orders it. */
      readonly by: string
      /** Name of the person at the terminal. */
      readonly user: string | undefined
    }

/** What came of an order, and who has it now. */
export interface SwitchResult {
  readonly name: string
  /** Address of the gateway that follows it already, the file in which the next one finds it, or the database that all of them look into. */
  readonly told: { readonly gateway: string } | { readonly file: string } | { readonly database: string }
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
  const answer = await withDisables<object>(place, (disables, audit) => {
    const parts = { snapshot: () => config.routing, disables }
    const origin: Origin = { actor: { kind: 'terminal', id: user }, source: { via: 'command' } }
    const who = { by, origin, audit: { audit, clock } }
    return action === 'disable'
      ? disableAudited(parts, who, subject, { reason, forMs })
      : enableAudited(parts, who, subject, reason)
  })
  return { name, told: toldOf(place), answer: { ...answer } }
}

function answerOf(body: unknown, url: string): JsonObject {
  if (isObject(body)) return body
  throw new GatewayError(
    'upstream_bad_response',
    `${url} did not answer as a gateway does. Is it a Switchback gateway of this version?`,
  )
}

type StoredPlace = Extract<SwitchPlace, { kind: 'files' }>
type Act<Result> = (disables: DisableStore, audit: AuditStore) => Promise<Result>

const fileOf = ({ config, dataDir }: StoredPlace): string => config.state.store ?? join(dataDir, STATE_FILE)

function toldOf(place: StoredPlace): SwitchResult['told'] {
  const { shared } = place.config.state
  if (shared === undefined) return { file: fileOf(place) }
  const { host, port, database } = shared.postgres
  return { database: `${host}:${port}/${database}` }
}

function withDisables<Result>(place: StoredPlace, act: Act<Result>): Promise<Result> {
  const { shared } = place.config.state
  return shared === undefined ? withFile(place, act) : withDatabase(shared.postgres, place.clock, act)
}

/** Writes for all gateways on the database: each looks there every second. */
async function withDatabase<Result>(address: PostgresAddress, clock: Clock, act: Act<Result>): Promise<Result> {
  const disables = await openSharedDisables(address, clock)
  const audit = openSharedAudit(address, clock)
  try {
    return await act(disables, audit)
  } finally {
    await audit.close()
    await disables.close()
  }
}

/** Opens the disables with the data directory held, so that no gateway starts in between and misses the order. */
async function withFile<Result>(place: StoredPlace, act: Act<Result>): Promise<Result> {
  const { dataDir, clock, pid } = place
  const store = fileOf(place)
  if (store === 'memory') {
    throw new GatewayError(
      'state_unavailable',
      'This configuration keeps its state in memory only (state.store: memory), and no gateway runs here to be told. Name a running one with --url.',
    )
  }
  const held = takeDataDir({ path: dataDir, pid, startedAt: clock.wall() })
  try {
    const disables = openDisables({ store, clock })
    const audit = openAudit({ store, clock })
    try {
      return await act(disables, audit)
    } finally {
      await audit.close()
      await disables.close()
    }
  } finally {
    held.release()
  }
}
