import type { Certifications, CertifiedTargets } from '../catalog/certifications.ts'
import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import type { Codec } from '../codecs/codec.ts'
import type { Engine } from '../engine/engine.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { RouteDecision } from '../ir/decision.ts'
import { asRequestId } from '../ir/ids.ts'
import { isObject, type JsonObject } from '../ir/json.ts'
import type { Principal } from '../ir/principal.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { listedModels } from './listed-models.ts'
import { ownPrices, type PricePlace } from './price-shelf.ts'

/** What would be asked. */
export interface PreviewQuestion {
  /** Replaces the model of the body. */
  readonly model?: string | undefined
  /** A client's body in any of the formats; undefined asks for the shortest possible call. */
  readonly body?: unknown
  /** Format of the body; guessed from its shape when undefined. */
  readonly format?: WireFormat | undefined
  /** Replaces the body's own word on streaming. */
  readonly stream?: boolean | undefined
}

/** What of a gateway takes part in a preview. */
export interface PreviewParts {
  readonly engine: Pick<Engine, 'preview'>
  readonly codecs: Readonly<Record<WireFormat, Codec>>
  readonly prices: Pick<LazyPrices, 'replaceOverrides'>
  readonly certifications: Pick<Certifications, 'replace'>
}

export interface PreviewOptions extends PreviewParts {
  /** Where the operator's own prices are. */
  readonly pricePlace: PricePlace
  readonly certified: CertifiedTargets
  readonly question: PreviewQuestion
  readonly principal: Principal
  /** `req_` and 32 hex digits; stands in the decision, is recorded nowhere. */
  readonly requestId: string
}

/** The decision that a call would get now, without calling anyone. Rejects with `invalid_body`, `model_not_found` or `config_invalid`. */
export async function previewRoute(options: PreviewOptions): Promise<RouteDecision> {
  const { engine, codecs, prices, certifications, question, principal } = options
  const { models: _models, ...body } = previewBody(question)
  const models = listedModels(question.body)
  const codec = codecs[question.format ?? guessFormat(body)]
  const { value: request } = codec.decodeRequest(body)
  const bytes = Buffer.from(JSON.stringify(body))
  prices.replaceOverrides(await ownPrices(options.pricePlace))
  certifications.replace(options.certified)
  return engine.preview({
    requestId: asRequestId(options.requestId),
    codec,
    request,
    principal,
    body: { bytes, blobs: new Map() },
    ...(models === undefined ? {} : { hints: { models } }),
  })
}

const CHAT: JsonObject = { messages: [{ role: 'user', content: 'hi' }] }
/** The shortest possible call of each format. */
const SHORTEST: Readonly<Record<WireFormat, JsonObject>> = {
  openai: CHAT,
  responses: { input: 'hi' },
  anthropic: { ...CHAT, max_tokens: 1024 },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
  bedrock_converse: { messages: [{ role: 'user', content: [{ text: 'hi' }] }] },
}

/** The body that the preview is made of: the given one, with model and streaming replaced where asked. */
export function previewBody(question: PreviewQuestion): JsonObject {
  if (question.body !== undefined && !isObject(question.body))
    throw new GatewayError('invalid_body', 'The body must be a JSON object, as a client would send it.')
  const body: JsonObject = { ...(question.body ?? SHORTEST[question.format ?? 'openai']) }
  if (question.model !== undefined) body['model'] = question.model
  if (question.stream !== undefined) body['stream'] = question.stream
  if (typeof body['model'] !== 'string' || body['model'] === '') {
    throw new GatewayError('invalid_body', 'No model was named. Give --model, or a body with a "model".', { param: 'model' })
  }
  return body
}

/** The format a body is most likely written in. */
export function guessFormat(body: JsonObject): WireFormat {
  if ('contents' in body) return 'gemini'
  if (!('messages' in body) && ('input' in body || 'prompt' in body)) return 'responses'
  if ('system' in body || 'anthropic_version' in body || 'stop_sequences' in body || 'thinking' in body) return 'anthropic'
  const tools = body['tools']
  if (Array.isArray(tools) && tools.some((tool) => isObject(tool) && 'input_schema' in tool)) return 'anthropic'
  return 'openai'
}
