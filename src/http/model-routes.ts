import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import { matchesPattern } from '../lib/pattern-index.ts'
import { anthropicModel, anthropicPage } from './anthropic-models.ts'
import { codexCard } from './codex-card.ts'
import { googleModel, googlePage } from './google-models.ts'
import { modelNamed } from './model-calls.ts'
import { isGoogle } from './request-path.ts'
import type { ModelCard } from '../ir/model-card.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { queryNumber } from './query-number.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'

export interface ModelHandlersOptions extends Pick<HttpAppOptions, 'snapshot' | 'modelCard'> {
  readonly responder: Responder
}

const UNKNOWN: ModelCard = {}

/**
 * Lists of models and single ones, in the shape of the caller's own API: Anthropic's when it names that API's version, Google's at its own
 * addresses and for its own SDKs.
 */
export function createModelHandlers({
  snapshot,
  modelCard,
  responder,
}: ModelHandlersOptions): Record<'listModels' | 'getModel' | 'listGoogleModels' | 'getGoogleModel', ColdHandler> {
  const cardOf = (id: string): ModelCard => modelCard?.(id) ?? UNKNOWN
  const listGoogleModels: ColdHandler = ({ exchange, query }) => {
    const page = {
      size: queryNumber(query, 'pageSize', { least: 1, most: 1000 }),
      token: query.get('pageToken') ?? undefined,
    }
    return responder.tell(exchange, googlePage(snapshot().modelIds.filter(mayAsk(exchange.principal)), cardOf, page))
  }
  const knownId = (written: string, principal: Principal | undefined): string => {
    const known = snapshot()
    const id = isKnown(known, written) ? written : modelNamed(written)
    if (isKnown(known, id) && mayAsk(principal)(id)) return id
    throw new GatewayError('model_not_found', 'There is no such model. GET /v1/models lists those there are.', { param: 'model' })
  }
  return {
    listGoogleModels,
    getGoogleModel({ exchange, id: written }) {
      const id = knownId(written, exchange.principal)
      return responder.tell(exchange, googleModel(id, cardOf(id)))
    },
    listModels(request) {
      const { exchange, query } = request
      if (isGoogle(exchange.request.headers)) return listGoogleModels(request)
      const modelIds = snapshot().modelIds.filter(mayAsk(exchange.principal))
      const body = isAnthropic(exchange.request)
        ? anthropicPage(modelIds, cardOf, pageOf(query))
        : {
            object: 'list',
            data: modelIds.map((id) => openaiModel(id, cardOf(id))),
            models: modelIds.map((id, index) => codexCard(id, index, cardOf(id))),
          }
      return responder.tell(exchange, body)
    },
    getModel({ exchange, id: written }) {
      const id = knownId(written, exchange.principal)
      const card = cardOf(id)
      const { request } = exchange
      const shape = isAnthropic(request) ? anthropicModel : isGoogle(request.headers) ? googleModel : openaiModel
      const body = shape(id, card)
      return responder.tell(exchange, body)
    },
  }
}

/** A caller that is confined to models sees no others. */
const mayAsk =
  (principal: Principal | undefined) =>
  (model: string): boolean =>
    principal?.allowed?.models?.some((pattern) => matchesPattern(pattern, model)) ?? true

const isAnthropic = (request: Request): boolean => request.headers.has('anthropic-version')

const isKnown = ({ modelIds, routes }: RoutingSnapshot, id: string): boolean => modelIds.includes(id) || routes.has(id)

const openaiModel = (id: string, card: ModelCard) => ({
  id,
  object: 'model',
  created: card.createdAt ?? 0,
  owned_by: 'switchback',
})

const pageOf = (query: URLSearchParams) => ({
  afterId: query.get('after_id') ?? undefined,
  beforeId: query.get('before_id') ?? undefined,
  limit: queryNumber(query, 'limit', { least: 1, most: 1000 }),
})
