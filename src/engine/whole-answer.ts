import type { ClientContext, Codec, StreamDecoder } from '../codecs/codec.ts'
import { replayResponse } from '../codecs/replay.ts'
import { GatewayError, type UpstreamErrorFacts } from '../errors/gateway-error.ts'
import type { LlmResponse } from '../ir/response.ts'
import { applySplices, topLevelValues } from '../lib/json-splice.ts'
import type { AttemptInput } from './attempt.ts'
import { StreamFacts, type StreamTransform } from './stream-facts.ts'
import { StreamFolder } from './stream-folder.ts'
import { TranslatingTransform } from './translating-transform.ts'

/** An answer in one piece. */
interface WholeAnswer {
  readonly body: Uint8Array | string
  readonly facts: StreamFacts
}

const decoder = new TextDecoder('utf-8')
/** Enough for any error object; the rest of a larger one is not read. */
const MAX_ERROR_BYTES = 64 * 1024

/** Reads a buffered answer: its own bytes when passed through, else decoded and encoded for the client. */
export async function readWholeAnswer(input: AttemptInput, response: Response, passthrough: boolean, context: ClientContext): Promise<WholeAnswer> {
  const bytes = new Uint8Array(await response.arrayBuffer())
  const json = parseJson(bytes, input)
  const { codec } = input.provider
  const facts = new StreamFacts()
  const found = codec.inspectResponse(json)
  if (found.error !== undefined) throw input.provider.classifyInBand(found.error)
  facts.semantic = true
  facts.ended = true
  facts.usage = found.usage
  facts.finish = found.finish
  facts.model = found.model
  if (passthrough) return { facts, body: shownModel(bytes, found.model, input) }
  return { facts, body: JSON.stringify(input.call.codec.encodeResponse(codec.decodeResponse(json).value, context).value) }
}

/** Folds an upstream stream into the client's whole answer. */
export async function foldedAnswer(input: AttemptInput, response: Response, context: ClientContext): Promise<WholeAnswer> {
  const folder = new StreamFolder(input.provider.codec.createStreamDecoder())
  if (response.body !== null) {
    const reader = response.body.getReader()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) break
      folder.push(value)
      if (folder.failure !== undefined) break
    }
    reader.cancel().catch(() => undefined) // nothing more is wanted
  }
  const answer = folder.end()
  if (folder.failure !== undefined) throw input.provider.classifyInBand(folder.failure)
  return { facts: factsOf(answer), body: JSON.stringify(input.call.codec.encodeResponse(answer, context).value) }
}

/** For an upstream that answered a streaming call in one piece: the transform already holds the whole stream. */
export async function replayedTransform(input: AttemptInput, response: Response, context: ClientContext): Promise<StreamTransform> {
  const json = parseJson(new Uint8Array(await response.clone().arrayBuffer()), input)
  const { codec } = input.provider
  const found = codec.inspectResponse(json)
  if (found.error !== undefined) throw input.provider.classifyInBand(found.error)
  const answer = codec.decodeResponse(json).value
  const once: StreamDecoder = { push: () => undefined, end: (emit) => replayResponse(answer, emit) }
  const transform = new TranslatingTransform(once, input.call.codec.createStreamEncoder(context))
  transform.end()
  return transform
}

/** What the error body of an upstream says, as far as it can be read. */
export async function readErrorBody(response: Response, codec: Codec): Promise<UpstreamErrorFacts> {
  const text = await readLimited(response)
  try {
    return codec.decodeError(response.status, JSON.parse(text))
  } catch {
    return { status: response.status } // no JSON: a proxy's page or an empty body says nothing more than its status
  }
}

async function readLimited(response: Response): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const pieces: Uint8Array[] = []
  let size = 0
  while (size < MAX_ERROR_BYTES) {
    const { value, done } = await reader.read()
    if (done) break
    pieces.push(value)
    size += value.length
  }
  reader.cancel().catch(() => undefined) // the connection may be gone already
  return decoder.decode(Buffer.concat(pieces))
}

function parseJson(bytes: Uint8Array, input: AttemptInput): unknown {
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch (error) {
    throw new GatewayError('upstream_bad_response', `${input.target.id} answered with something that is no JSON.`, { cause: error, target: input.target.id })
  }
}

function shownModel(bytes: Uint8Array, served: string | undefined, { call, route }: AttemptInput): Uint8Array {
  if (route.responseModel === 'served' || served === undefined || served === call.request.model) return bytes
  const text = JSON.stringify(call.request.model)
  const splices = topLevelValues(bytes, ['model']).map(({ start, end }) => ({ start, end, text }))
  return Buffer.concat(applySplices(bytes, splices))
}

function factsOf(answer: LlmResponse): StreamFacts {
  const facts = new StreamFacts()
  facts.semantic = true
  facts.ended = true
  facts.usage = answer.usage
  facts.finish = answer.choices[0]?.finish
  facts.model = answer.model
  return facts
}
