import { completionsCodec } from '../../codecs/openai/completions.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { EndpointNeed } from '../../ir/question.ts'
import type { RequestBody } from '../engine.ts'
import { passthroughBody } from '../request-body.ts'
import type { EndpointPlace, EndpointReading, EndpointUse, PreparedEndpoint } from './endpoint-use.ts'

export interface CompletionUseOptions {
  readonly body: RequestBody
  readonly headers: Headers
  readonly stream: boolean
  /** The client asked for usage at the end of the stream. */
  readonly includeUsage: boolean
}

/** Legacy completions: the client's bytes, and an answer that is watched as one of Chat is. */
export class CompletionUse implements EndpointUse {
  readonly operation = 'completions'
  readonly need: EndpointNeed = { offers: ['completions'] }
  readonly codec = completionsCodec
  readonly isMetered = true
  private readonly options: CompletionUseOptions

  constructor(options: CompletionUseOptions) {
    this.options = options
  }

  prepare({ provider, target, account }: EndpointPlace): PreparedEndpoint {
    const { body, headers, stream, includeUsage } = this.options
    const addStreamUsage = stream && !includeUsage && provider.quirks.streamUsage !== false
    const request = provider.buildForward({
      method: 'POST',
      path: '/completions',
      where: 'endpoint',
      contentType: 'application/json',
      body: passthroughBody(body, { model: target.model, addStreamUsage }),
      account,
      clientHeaders: headers,
      clientFormat: 'openai',
    })
    return { request, dropUsageChunk: addStreamUsage }
  }

  reading({ target }: EndpointPlace, { headers }: Response): EndpointReading {
    const streams = headers.get('content-type')?.includes('text/event-stream') ?? false
    if (streams === this.options.stream) return { kind: 'as-generated' }
    // Turning one into the other is a translation, and there is none.
    const manner = streams ? 'as a stream that nobody asked for' : 'in one piece, where a stream was asked for'
    throw new GatewayError('upstream_bad_response', `${target.id} answered ${manner}.`, { target: target.id })
  }
}
