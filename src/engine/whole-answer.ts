import type { ClientContext, Codec, StreamDecoder } from '../codecs/codec.ts'
import { replayResponse } from '../codecs/replay.ts'
import { GatewayError, type UpstreamErrorFacts } from '../errors/gateway-error.ts'
import type { LlmResponse } from '../ir/response.ts'
import { spliceText, topLevelValues } from '../lib/json-splice.ts'
import { limitedText } from '../transport/limited-text.ts'
import type { AttemptInput } from './attempt.ts'
import type { AttemptTimer } from './attempt-timer.ts'
import { StreamFacts, type StreamTransform } from './stream-facts.ts'
import { StreamFolder } from './stream-folder.ts'
import { TranslatingTransform } from './translating-transform.ts'

/** An answer in one piece. */
interface WholeAnswer {
  readonly body: Uint8Array | string
  readonly facts: StreamFacts
}

/** Enough for any error object; the rest of a larger one is not read. */
const MAX_ERROR_BYTES = 64 * 1024

/** Reads a buffered answer: its own text when passed through (`context` undefined), else decoded and encoded for the client. */
export function readWholeAnswer(input: AttemptInput, text: string, context: ClientContext | undefined): WholeAnswer {
  const json = parseJson(text, input)
  const { codec } = input
  const facts = new StreamFacts()
  const found = codec.inspectResponse(json)
  if (found.error !== undefined) throw input.provider.classifyInBand(found.error)
  if (!found.semantic) throw notAnAnswer(input)
  facts.semantic = true
  facts.ended = true
  facts.usage = found.usage
  facts.finish = found.finish
  facts.model = found.model
  facts.id = found.id
  if (context === undefined) {
    input.answerCheck?.take(codec.decodeResponse(json).value)
    return { facts, body: shownModel(text, found.model, input) }
  }
  const answer = codec.decodeResponse(json).value
  input.answerCheck?.take(answer)
  facts.id = answer.id
  return { facts, body: JSON.stringify(input.call.codec.encodeResponse(answer, context).value) }
}

export interface FoldOptions {
  readonly context: ClientContext
  /** Told of every chunk: an answer that keeps coming is not silent, however long it takes. */
  readonly timer: Pick<AttemptTimer, 'began'>
  /** Filled while it is read, so that an answer that is cut short leaves what it has told. */
  readonly facts: StreamFacts
}

/** Folds an upstream stream into the client's whole answer. Rejects with what the reader rejects with. */
export async function foldedAnswer(
  input: AttemptInput,
  response: Response,
  { context, timer, facts }: FoldOptions,
): Promise<WholeAnswer> {
  const folder = new StreamFolder(input.codec.createStreamDecoder(), facts.size)
  if (response.body !== null) {
    const reader = response.body.getReader()
    try {
      for (;;) {
        const { value, done } = await reader.read()
        if (done) break
        timer.began()
        folder.push(value)
        facts.usage = folder.usage
        if (folder.failure !== undefined) break
      }
    } finally {
      reader.cancel().catch(() => undefined) // nothing more is wanted
    }
  }
  const answer = folder.end()
  if (folder.failure !== undefined) throw input.provider.classifyInBand(folder.failure)
  learn(facts, answer)
  input.answerCheck?.take(answer)
  return { facts, body: JSON.stringify(input.call.codec.encodeResponse(answer, context).value) }
}

/** For an upstream that answered a streaming call in one piece: the transform already holds the whole stream. */
export function replayedTransform(input: AttemptInput, text: string, context: ClientContext): StreamTransform {
  const json = parseJson(text, input)
  const { codec } = input
  const found = codec.inspectResponse(json)
  if (found.error !== undefined) throw input.provider.classifyInBand(found.error)
  const answer = codec.decodeResponse(json).value
  input.answerCheck?.take(answer)
  const once: StreamDecoder = { push: () => undefined, end: (emit) => replayResponse(answer, emit) }
  const transform = new TranslatingTransform(once, input.call.codec.createStreamEncoder(context))
  transform.end()
  return transform
}

/** What the error body of an upstream says, as far as it can be read. */
export async function readErrorBody(response: Response, codec: Codec): Promise<UpstreamErrorFacts> {
  try {
    return codec.decodeError(response.status, JSON.parse(await limitedText(response, MAX_ERROR_BYTES)))
  } catch {
    // No JSON, or a connection that broke: a proxy's page, an empty body or half of one says nothing more than its status.
    return { status: response.status }
  }
}

const notAnAnswer = ({ target }: AttemptInput): GatewayError =>
  new GatewayError(
    'upstream_bad_response',
    `${target.id} answered with JSON that is no answer. Check base_url and the provider's format.`,
    { target: target.id },
  )

/** Throws `upstream_bad_response` for anything but JSON. */
export function parseJson(text: string, input: Pick<AttemptInput, 'target'>): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new GatewayError('upstream_bad_response', `${input.target.id} answered with something that is no JSON.`, {
      cause: error,
      target: input.target.id,
    })
  }
}

/** The text of an answer with the name of the model that the client is to see. `served` stands at its top level. */
export function shownModel(
  text: string,
  served: string | undefined,
  { call, route, provider }: Pick<AttemptInput, 'route' | 'provider'> & { readonly call: Pick<AttemptInput['call'], 'model'> },
): string {
  if (route.responseModel === 'served' || served === undefined || served === call.model) return text
  const shown = JSON.stringify(call.model)
  // The parser found this name at the top level, so where it is written only once, that is the place.
  const name = provider.codec.passthrough.modelMember ?? 'model'
  const member = `"${name}":${JSON.stringify(served)}`
  const at = text.indexOf(member)
  if (at !== -1 && text.indexOf(member, at + 1) === -1)
    return `${text.slice(0, at)}"${name}":${shown}${text.slice(at + member.length)}`
  return spliceText(
    text,
    topLevelValues(text, [name]).map(({ start, end }) => ({ start, end, text: shown })),
  )
}

function learn(facts: StreamFacts, answer: LlmResponse): void {
  facts.semantic = true
  facts.ended = true
  facts.usage = answer.usage
  facts.finish = answer.choices[0]?.finish
  facts.model = answer.model
  facts.id = answer.id
}
