import { GatewayError } from '../errors/gateway-error.ts'
import type { JsonObject } from '../ir/json.ts'
import type { ModelCard } from '../ir/model-card.ts'

export interface GooglePageRequest {
  readonly size: number | undefined
  /** Where the page before ended, as that page said it. */
  readonly token: string | undefined
}

const USUAL_SIZE = 50

/** A model as Google's API shows one. What is unknown is left out. */
export function googleModel(id: string, card: ModelCard): JsonObject {
  return {
    name: `models/${id}`,
    version: 'latest',
    displayName: card.displayName ?? id,
    description: 'Served by Switchback',
    ...defined('inputTokenLimit', card.contextWindow),
    ...defined('outputTokenLimit', card.maxOutputTokens),
    supportedGenerationMethods: ['generateContent', 'countTokens'],
    ...defined('thinking', card.reasoning),
  }
}

/** A page of models. Throws `invalid_body` for a token that no page gave. */
export function googlePage(
  ids: readonly string[],
  cardOf: (id: string) => ModelCard,
  { size = USUAL_SIZE, token }: GooglePageRequest,
): JsonObject {
  const start = token === undefined ? 0 : positionOf(ids, Buffer.from(token, 'base64url').toString()) + 1
  const page = ids.slice(start, start + size)
  const last = page.at(-1)
  const isLast = last === undefined || start + size >= ids.length
  return {
    models: page.map((id) => googleModel(id, cardOf(id))),
    ...(isLast ? {} : { nextPageToken: Buffer.from(last).toString('base64url') }),
  }
}

function positionOf(ids: readonly string[], id: string): number {
  const position = ids.indexOf(id)
  if (position === -1)
    throw new GatewayError('invalid_body', 'The query parameter pageToken is none that a page of this list gave.', {
      param: 'pageToken',
    })
  return position
}

const defined = (name: string, value: unknown): JsonObject => (value === undefined ? {} : { [name]: value })
