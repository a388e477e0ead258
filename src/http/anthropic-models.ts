import { GatewayError } from '../errors/gateway-error.ts'
import type { JsonObject } from '../ir/json.ts'
import type { ModelCard } from '../ir/model-card.ts'

export interface PageRequest {
  readonly afterId: string | undefined
  readonly beforeId: string | undefined
  readonly limit: number | undefined
}

const USUAL_LIMIT = 20

/** A model as Anthropic's API shows one. Its API says to give the epoch when the release date is unknown. */
export function anthropicModel(id: string, card: ModelCard): JsonObject {
  return {
    type: 'model',
    id,
    display_name: card.displayName ?? id,
    created_at: new Date((card.createdAt ?? 0) * 1000).toISOString(),
    max_input_tokens: card.contextWindow ?? null,
    max_tokens: card.maxOutputTokens ?? null,
    capabilities: null,
    lifecycle: 'active',
    line: null,
    deprecated_at: null,
    retires_at: null,
  }
}

/** A page of models with Anthropic's cursors. Throws `invalid_body` for a cursor that is no model. */
export function anthropicPage(
  ids: readonly string[],
  cardOf: (id: string) => ModelCard,
  { afterId, beforeId, limit = USUAL_LIMIT }: PageRequest,
): JsonObject {
  const from = afterId === undefined ? 0 : positionOf(ids, afterId, 'after_id') + 1
  const to = beforeId === undefined ? ids.length : positionOf(ids, beforeId, 'before_id')
  const isBackwards = beforeId !== undefined && afterId === undefined
  const start = isBackwards ? Math.max(from, to - limit) : from
  const end = Math.min(to, start + limit)
  const page = ids.slice(start, end)
  return {
    data: page.map((id) => anthropicModel(id, cardOf(id))),
    has_more: isBackwards ? start > from : end < to,
    first_id: page[0] ?? null,
    last_id: page.at(-1) ?? null,
  }
}

function positionOf(ids: readonly string[], id: string, parameter: string): number {
  const position = ids.indexOf(id)
  if (position === -1)
    throw new GatewayError('invalid_body', `The query parameter ${parameter} names no model of this list.`, { param: parameter })
  return position
}
