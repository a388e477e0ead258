import type { ModelFacts } from '../../codecs/codec.ts'
import { ResponseCollector } from '../../codecs/index.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Diagnostic } from '../../ir/diagnostic.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { LlmResponse } from '../../ir/response.ts'
import { isSemantic, type StreamEvent } from '../../ir/stream-event.ts'
import type { Clock } from '../../lib/clock.ts'
import { SseParser } from '../../lib/sse-parser.ts'
import type { UnsentRequest } from '../../transport/transport.ts'
import { bodyText, parsed, refusalOf, sendTo } from '../provider/call-upstream.ts'
import type { Upstream } from '../provider/open-upstream.ts'

/** A way in which a probe's request is spoilt on purpose. */
export type Spoiling = 'key' | 'json' | 'nothing'

export interface ProbeCall {
  readonly upstream: Upstream
  /** Its own model name is the one that the upstream knows. */
  readonly request: LlmRequest
  readonly facts: ModelFacts
  readonly clock: Pick<Clock, 'now'>
  readonly signal: AbortSignal
  readonly spoil?: Spoiling | undefined
  /** Lets the stream go after its first piece of text, as a client that goes away. */
  readonly leaves?: boolean | undefined
}

/** Everything that a call to an upstream showed. */
export interface ProbeSeen {
  /** Undefined when there was no answer at all. */
  readonly status: number | undefined
  /** Why there is no whole answer, as the gateway would tell it. */
  readonly error: GatewayError | undefined
  /** Whether the body of a refusal is a JSON object with a message, as clients expect. */
  readonly errorBody: 'json' | 'other' | undefined
  /** The answer as far as it came. */
  readonly response: LlmResponse
  /** Of a streamed answer, in order; empty for a whole one. */
  readonly events: readonly StreamEvent[]
  /** What the request lost on its way into the upstream's format. */
  readonly lost: readonly Diagnostic[]
  readonly firstTokenMs: number | undefined
  readonly totalMs: number
}

/** Makes one call to an upstream, past routing, retries and repairs of the gateway, so that what is seen is the upstream's own. Never rejects. */
export async function probeCall(call: ProbeCall): Promise<ProbeSeen> {
  const begun = call.clock.now()
  const seen = new Sighting(() => call.clock.now() - begun)
  try {
    const request = seen.build(call)
    const response = await sendTo(call.upstream, request, call.signal)
    seen.status = response.status
    if (response.ok) await seen.read(response, call)
    else await seen.refused(response, call)
  } catch (error) {
    seen.error = asGatewayError(error)
  }
  return seen.result()
}

class Sighting {
  status: number | undefined = undefined
  error: GatewayError | undefined = undefined
  private errorBody: ProbeSeen['errorBody'] = undefined
  private lost: readonly Diagnostic[] = []
  private response: LlmResponse = { choices: [] }
  private readonly events: StreamEvent[] = []
  private firstTokenMs: number | undefined = undefined
  private readonly elapsed: () => number

  constructor(elapsed: () => number) {
    this.elapsed = elapsed
  }

  build({ upstream, request, facts, spoil }: ProbeCall): UnsentRequest {
    const { provider, account } = upstream
    const { model, stream } = request
    const encoded = provider.codec.encodeRequest(request, { model, quirks: provider.quirks, facts, stream })
    this.lost = encoded.diagnostics
    const built = provider.buildRequest({
      operation: 'generate',
      model,
      body: spoil === 'json' ? '{"model": ' : JSON.stringify(encoded.value),
      account,
      stream,
      clientHeaders: new Headers(),
      clientFormat: provider.settings.format,
    })
    return spoil === 'key' ? withoutKey(built, account.apiKey?.reveal() ?? '') : built
  }

  async read(response: Response, { upstream, request, leaves }: ProbeCall): Promise<void> {
    const { provider } = upstream
    if (request.stream && response.headers.get('content-type')?.includes('json') !== true && response.body !== null)
      return this.readStream(response.body, upstream, leaves === true)
    const json = parsed(await bodyText(response))
    const found = provider.codec.inspectResponse(json)
    if (found.error !== undefined) this.error = provider.classifyInBand(found.error)
    else this.response = provider.codec.decodeResponse(json).value
  }

  async refused(response: Response, { upstream }: ProbeCall): Promise<void> {
    const text = await bodyText(response)
    const body = parsed(text)
    const facts = upstream.provider.codec.decodeError(response.status, body)
    this.errorBody = typeof body === 'object' && body !== null && (facts.message ?? '') !== '' ? 'json' : 'other'
    this.error = refusalOf(upstream, response, text)
  }

  private async readStream(body: ReadableStream<Uint8Array>, { provider }: Upstream, leaves: boolean): Promise<void> {
    const decoder = provider.codec.createStreamDecoder()
    const collector = new ResponseCollector()
    const parser = new SseParser()
    const emit = (event: StreamEvent): void => {
      this.events.push(event)
      if (isSemantic(event)) this.firstTokenMs ??= this.elapsed()
      collector.push(event)
    }
    this.response = collector.response
    const reader = body.getReader()
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      parser.push(next.value, (frame) => decoder.push(frame, emit))
      if (!leaves || this.firstTokenMs === undefined) continue
      await reader.cancel()
      return
    }
    parser.end((frame) => decoder.push(frame, emit))
    decoder.end(emit)
    if (collector.failure !== undefined) this.error = provider.classifyInBand(collector.failure)
  }

  result(): ProbeSeen {
    const { status, error, errorBody, lost, response, events, firstTokenMs } = this
    return { status, error, errorBody, lost, response, events, firstTokenMs, totalMs: this.elapsed() }
  }
}

/** The request with a key that nobody has issued. */
function withoutKey(request: UnsentRequest, key: string): UnsentRequest {
  if (key === '') return request
  const wrong = (text: string): string => text.replaceAll(key, 'not-a-key').replaceAll(encodeURIComponent(key), 'not-a-key')
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, wrong(value)]))
  return { ...request, url: wrong(request.url), headers }
}

function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  // A decoder that meets nonsense, or a connection that breaks within the answer.
  return new GatewayError('upstream_bad_response', 'The answer broke off, or is none that its format knows.', { cause: error })
}
