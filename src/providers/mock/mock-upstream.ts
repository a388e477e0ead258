import type { Codec } from '../../codecs/codec.ts'
import { codecFor } from '../../codecs/registry.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Transport, UpstreamBody, UpstreamRequest } from '../../transport/transport.ts'
import { embeddingsReply } from './mock-embeddings.ts'
import { calledEndpoint, type EndpointCall } from '../endpoint-url.ts'
import type { ProviderSettings } from '../provider.settings.schema.ts'
import { builtInModels, failing } from './built-in-models.ts'
import { failureReply, streamReply, wholeReply } from './mock-reply.ts'
import type { MockScript } from './mock-script.ts'
import { scriptedModel } from './scripted-model.ts'

export interface MockUpstreamOptions {
  readonly settings: Pick<ProviderSettings, 'format' | 'mockModels'>
  readonly clock: Clock
  /** 32 hex digits. Default: random. */
  readonly generateId?: () => string
}

/**
 * An upstream inside this process. It takes real wire bodies of its format, runs the script of the model they name and answers in
 * real wire bytes, so that everything around it works as with a provider.
 */
export function createMockUpstream({ settings, clock, generateId = randomId }: MockUpstreamOptions): Transport {
  const codec = codecFor(settings.format)
  const models = builtInModels()
  for (const model of settings.mockModels) models.set(model.name, scriptedModel(model))

  const answer = async (request: UpstreamRequest): Promise<Response> => {
    const requestId = generateId()
    const text = textOf(request.body)
    const called = calledEndpoint(request.url, settings.format)
    if (called.operation === 'count-tokens') return Response.json(codec.tokenCounter?.answer(Math.ceil(text.length / 4)) ?? {})
    if (called.operation === 'embed' || called.operation === 'embed-batch') return embeddingsReply(codec, text, called, requestId)
    const decoded = decode(codec, text, called.call)
    if (decoded instanceof GatewayError)
      return failureReply(codec, requestId, 400, { type: 'invalid_request_error', message: decoded.message })
    const script = models.get(decoded.model) ?? scriptOfName(decoded.model)
    if (script === undefined) return failureReply(codec, requestId, 404, unknownModel(decoded.model))
    const outcome = script(decoded, settings.format)
    if (outcome.kind === 'failure') return failureReply(codec, requestId, outcome.status)
    const context = { requestId, model: decoded.model, createdAt: Math.floor(clock.wall() / 1000), request: decoded }
    const call = { codec, clock, context, signal: request.signal }
    return decoded.stream ? streamReply(call, outcome.steps) : wholeReply(call, outcome.steps)
  }

  return {
    async send(request) {
      request.signal.throwIfAborted()
      return answer(request)
    },
    isReachable: () => Promise.resolve(true),
    isWarm: () => true,
  }
}

/** `fail-<status>` works for every error status. */
function scriptOfName(name: string): MockScript | undefined {
  const status = Number(/^fail-([45]\d\d)$/.exec(name)?.[1])
  return Number.isNaN(status) ? undefined : failing(status)
}

const unknownModel = (name: string): { message: string; type: string; code: string } => ({
  message: `The model \`${name}\` does not exist.`,
  type: 'invalid_request_error',
  code: 'model_not_found',
})

function decode(codec: Codec, text: string, address: EndpointCall | undefined): LlmRequest | GatewayError {
  try {
    return codec.decodeRequest(JSON.parse(text), address).value
  } catch (error) {
    return error instanceof GatewayError ? error : new GatewayError('invalid_json', 'The body is no JSON.', { cause: error })
  }
}

function textOf(body: UpstreamBody): string {
  if (body === undefined) return ''
  if (typeof body === 'string') return body
  if ('stream' in body) return '' // nothing the mock answers is asked so
  const pieces = body instanceof Uint8Array ? [body] : body
  return Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece))).toString()
}

const randomId = (): string => crypto.randomUUID().replaceAll('-', '')
