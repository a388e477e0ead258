import { GatewayError } from '../errors/gateway-error.ts'
import type { Translated } from '../ir/diagnostic.ts'
import type { EmbeddingRequest, EmbeddingResponse } from '../ir/embedding.ts'
import type { JsonObject } from '../ir/json.ts'
import type { Usage } from '../ir/usage.ts'
import type { Report } from './report.ts'

/** What an encoder of answers needs to know about the call it answers. */
export interface EmbeddingContext {
  /** Name shown as the model that answered. */
  readonly model: string
  readonly request: Pick<EmbeddingRequest, 'isBatch' | 'encoding'>
  /** Tokens of the inputs where the upstream did not tell them and the format wants a number. */
  readonly estimatedInputTokens: number
}

/** How a call says in its address what its body does not. */
export interface EmbeddingAddress {
  readonly model: string
  readonly isBatch: boolean
}

/** How much one request may hold. An input that is too much by itself is sent alone: the upstream knows best. */
export interface EmbeddingRequestLimit {
  readonly inputs: number
  /** UTF-8 bytes of all texts together, where the upstream limits tokens. */
  readonly bytes?: number | undefined
}

/** Calls for embeddings as an upstream takes and answers them. */
export interface UpstreamEmbeddings {
  /** Throws `translation_refused` for inputs, sizes and models that this format has no words for. */
  encodeRequest(request: EmbeddingRequest, model: string): Translated<JsonObject>
  /** Throws `upstream_bad_response` when the body is no answer to this many inputs. */
  decodeResponse(body: unknown, inputs: number): EmbeddingResponse
  /** What an answer tells of its usage in headers, for upstreams that leave it out of the body. */
  usageOfHeaders?(headers: Headers): Usage | undefined
  /** What one request to this model may hold. Undefined: as much as there is. */
  requestLimit?(model: string): EmbeddingRequestLimit | undefined
}

/** A format's calls for embeddings, both ways. Formats that share it are the same on the wire. */
export interface EmbeddingCodec extends UpstreamEmbeddings {
  /** Throws `invalid_body` with `param`. Reports what other formats cannot carry. */
  decodeRequest(body: unknown, address?: EmbeddingAddress): Translated<EmbeddingRequest>
  encodeResponse(response: EmbeddingResponse, context: EmbeddingContext): JsonObject
  /** The body for another model, where names of it stand deeper than at the top; undefined where they do not. */
  renamed?(body: unknown, model: string): JsonObject | undefined
  /** Whether an answer without usage gets an estimate in its place. */
  readonly needsUsage: boolean
}

export const badEmbeddings = (what: string): GatewayError =>
  new GatewayError('upstream_bad_response', `The upstream sent ${what}. Check base_url and the model.`)

export const cannotEmbed = (what: string, format: string): GatewayError =>
  new GatewayError(
    'translation_refused',
    `${what} cannot be sent to an upstream that speaks ${format}. Send texts, with one size for all.`,
  )

/** Where each model has a format of its own, and this one has none that is known. `known` names those that are. */
export const unknownEmbedder = (model: string, known: string): GatewayError =>
  new GatewayError('translation_refused', `${model} is no embedding model that is known here. Known are ${known}.`)

/** Inputs as texts. Throws `translation_refused` for any other. */
export function textsOf(inputs: EmbeddingRequest['inputs'], format: string): string[] {
  return inputs.map((input) => {
    if (typeof input === 'string') return input
    throw cannotEmbed(input === undefined ? 'An input that is no text' : 'A list of token numbers', format)
  })
}

/** A purpose that the upstream has no word for makes no other vectors. */
export function reportPurpose({ purpose }: Pick<EmbeddingRequest, 'purpose'>, report: Report): void {
  if (purpose !== undefined) report.lost('extension', purpose.path, 'the upstream makes no difference between purposes')
}

/** The numbers of a vector, whichever way it was written. */
export function numbersOf(vector: readonly number[] | string): readonly number[] {
  if (typeof vector !== 'string') return vector
  const bytes = Buffer.from(vector, 'base64')
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_none, index) => bytes.readFloatLE(index * 4))
}

export function base64Of(vector: readonly number[] | string): string {
  if (typeof vector === 'string') return vector
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}

export const isVector = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((number) => typeof number === 'number')
