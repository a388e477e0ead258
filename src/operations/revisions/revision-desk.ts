import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject } from '../../ir/json.ts'
import type { Clock } from '../../lib/clock.ts'
import type { RevisionFilter, RevisionStore } from '../../state/revisions/store.ts'
import type { Origin } from '../audited.ts'
import { callGateway, type GatewayAddress } from '../call-gateway.ts'
import { loadDecisionWorld } from '../decision-world.ts'
import { requirePolicies } from '../policy-gate.ts'
import { type StoredPlace, storedTold, type StoredTold, withStoredState } from '../stored-state.ts'
import type { ConfigLoader } from './config-in-force.ts'
import { publishConfig, publishRevision, withdraw, type PublishOutcome, type PublishParts } from './publish.ts'
import { type PublishBody, readNewConfig, readPublishTerms } from './publish-order.ts'
import { lookedUntil } from './replica-states.ts'
import {
  type HistoryView,
  listRevisions,
  publishedView,
  type PublishedView,
  type RevisionBodyView,
  showRevision,
} from './revision-views.ts'

export type NamedRevision = number | 'published' | 'current'

/** What a command does with the history of configurations: through a gateway that runs, or in what gateways have left. */
export interface RevisionDesk {
  /** Who has it now. */
  readonly told: { readonly gateway: string } | StoredTold
  history(filter: RevisionFilter): Promise<HistoryView>
  show(revision: NamedRevision): Promise<RevisionBodyView>
  /** Publishes the configuration of the body; for the body without one, this revision, or with `none` withdraws what is published. */
  publish(body: PublishBody, revision?: number | 'none'): Promise<PublishedView>
}

export function remoteRevisions(gateway: GatewayAddress): RevisionDesk {
  async function ask<View>(path: string, body?: PublishBody): Promise<View> {
    const reply = await callGateway(gateway, { path, body: body && JSON.stringify(body) })
    if (isObject(reply.body)) return reply.body as View
    throw new GatewayError(
      'upstream_bad_response',
      `${gateway.url} did not answer as a gateway does. Is it a Switchback gateway of this version?`,
    )
  }
  return {
    told: { gateway: gateway.url },
    history: ({ limit, before }) =>
      ask(`/v1/revisions?${new URLSearchParams({ limit: String(limit ?? ''), before: String(before ?? '') })}`),
    show: (revision) => ask(`/v1/revisions/${revision}`),
    publish: (body, revision) => ask(`/v1/revisions${pathOf(revision)}`, body),
  }
}

function pathOf(revision: number | 'none' | undefined): string {
  if (revision === undefined) return ''
  return revision === 'none' ? '/withdraw' : `/${revision}/publish`
}

export interface StoredRevisionsOptions {
  readonly place: StoredPlace
  /** Reads a configuration with what is here of environment and vault. */
  readonly load: ConfigLoader
  /** Name of the person at the terminal. */
  readonly user: string | undefined
  /** One that runs on the state, to be asked who serves by what is published. */
  readonly gateway: GatewayAddress | undefined
}

/**
 * Past all gateways, for whoever has the rights to their state: what is published is checked here, and found by those that run within a second, or
 * by the next one to start.
 */
export function storedRevisions({ place, load, user, gateway }: StoredRevisionsOptions): RevisionDesk {
  const { dataDir, clock } = place
  const origin: Origin = { actor: { kind: 'terminal', id: user }, source: { via: 'command' } }
  const check: PublishParts['check'] = async (config) => {
    const { factsOf } = await loadDecisionWorld({ config, dataDir, clock, at: clock.wall() })
    requirePolicies(config, factsOf)
  }
  const ordered = async (act: (parts: PublishParts) => Promise<PublishOutcome>): Promise<PublishedView> => {
    const published = await withStoredState(
      place,
      async (state) => publishedView(await act({ store: state.revisions(), audit: state.audit(), load, check, clock })),
      'beside',
    )
    if (gateway === undefined || published.dry_run) return published
    return { ...published, replicas: await servingBy(published, remoteRevisions(gateway), clock) }
  }
  /** As a gateway that runs tells it, which knows by what it serves; else as it is kept. */
  const told = async <View>(
    ask: (desk: RevisionDesk) => Promise<View>,
    read: (store: RevisionStore) => Promise<View>,
  ): Promise<View> => {
    try {
      if (gateway !== undefined) return await ask(remoteRevisions(gateway))
    } catch (error) {
      if (!(error instanceof GatewayError) || !SHUT.some((code) => code === error.code)) throw error
    }
    return withStoredState(place, (state) => read(state.revisions()), 'beside')
  }
  return {
    told: storedTold(place),
    history: (filter) =>
      told(
        (desk) => desk.history(filter),
        (store) => listRevisions({ store }, filter),
      ),
    show: (revision) =>
      told(
        (desk) => desk.show(revision),
        (store) => showRevision({ store }, revision),
      ),
    publish: (body, revision) =>
      ordered((parts) => {
        if (revision === undefined) return publishConfig(parts, origin, readNewConfig(body))
        const terms = readPublishTerms(body)
        return revision === 'none' ? withdraw(parts, origin, terms) : publishRevision(parts, origin, { ...terms, revision })
      }),
  }
}

/** It wants a key, or has just ended. */
const SHUT = ['invalid_api_key', 'upstream_connect_failed'] as const

/** Who serves by what was published, as a gateway tells when all do, or when it is no use waiting any longer; none when it tells nobody. */
async function servingBy(
  { revision }: PublishedView,
  desk: Pick<RevisionDesk, 'history'>,
  clock: Pick<Clock, 'now' | 'sleep'>,
): Promise<PublishedView['replicas']> {
  const history = await lookedUntil(
    () => desk.history({ limit: 1 }).catch(() => undefined),
    (seen) =>
      seen === undefined || (seen.published?.revision === revision && seen.replicas.every(({ current }) => current !== false)),
    clock,
  )
  return history?.replicas ?? []
}
