import { toTransportError } from '../../../src/transport/transport-error.ts'
import type { ManualClock } from '../manual-clock.ts'
import type { ClientFormat } from '../client-formats.ts'
import { LiveBody } from '../engine-fixture.ts'
import type { FaultName } from './expected.data.ts'
import { DRIP_MS, WHOLE_DRIP_MS } from './timing.data.ts'

/** What an upstream is asked for. */
export interface Asked {
  /** The format it speaks. */
  readonly format: ClientFormat
  readonly stream: boolean
  readonly clock: ManualClock
}

type Play = (asked: Asked) => Response | Promise<Response>

/** Text of an answer that goes well, or of one that breaks after its first word. */
export const WORDS = 'one two three'
/** Nothing of this may come back from the gateway but in the upstream's own message. */
const SAID = 'the upstream said no'
/** What a client may have read of an answer before it broke. */
export const FIRST_WORD = 'one'

/** The answer of an upstream that works. */
export const answers: Play = ({ format, stream }) =>
  stream ? streamed(format.frames({ text: WORDS })) : Response.json(format.whole({ text: WORDS }))

/** What an upstream does instead of answering. */
export const FAULTS: Readonly<Record<FaultName, Play>> = {
  'a refused connection': () => unsent('ConnectionRefused'),
  'a black hole': never,
  'a reset before the headers': () => unsent('ECONNRESET'),
  'a reset after the headers': (asked) => breaking(asked, () => [], 50),
  'a reset in the middle of the answer': (asked) => breaking(asked, opening, 50),
  'a refusal with 400': (asked) => refusal(asked, 400),
  'a refusal with 401': (asked) => refusal(asked, 401),
  'a refusal with 403': (asked) => refusal(asked, 403),
  'a refusal with 404': (asked) => refusal(asked, 404),
  'a refusal with 408': (asked) => refusal(asked, 408),
  'a refusal with 409': (asked) => refusal(asked, 409),
  'a refusal with 413': (asked) => refusal(asked, 413),
  'a refusal with 429': (asked) => refusal(asked, 429),
  'a refusal with 429 and Retry-After': (asked) => refusal(asked, 429, { 'retry-after': '7' }),
  'a refusal with 500': (asked) => refusal(asked, 500),
  'a refusal with 502': (asked) => refusal(asked, 502),
  'a refusal with 503': (asked) => refusal(asked, 503),
  'a refusal with 529': (asked) => refusal(asked, 529),
  'an error told in the answer': (asked) => told(asked, 'server_error'),
  'an overload told in the answer': (asked) => told(asked, 'overloaded_error'),
  'an error told after the first word': ({ format }) => streamed([...opening(format), format.errorFrame('server_error', SAID)]),
  'a stall before the headers': never,
  'a stall after the headers': (asked) => breaking(asked, () => []),
  'a stall before the first word': (asked) => breaking(asked, (format) => format.frames().slice(0, 1)),
  'a stall in the middle of the answer': (asked) => breaking(asked, opening),
  'a stream that drips without an answer': ({ clock }) =>
    dripping({ clock, pieces: Array(20).fill(': wait\n\n'), everyMs: 1_000 }),
  'an answer cut before its first word': ({ format, stream }) =>
    stream ? streamed(format.frames().slice(0, 1)) : textual(half(format), 'application/json'),
  'an answer cut in the middle': ({ format }) => streamed(opening(format)),
  'bad JSON': ({ stream }) => (stream ? streamed(['data: {"id": oops\n\n']) : textual('{"id": oops', 'application/json')),
  'a page instead of an answer': () => textual('<html><body>Please log in</body></html>', 'text/html'),
  'a slow drip': ({ format, stream, clock }) =>
    stream
      ? dripping({ clock, pieces: [opening(format).join(''), ...closing(format)], everyMs: DRIP_MS })
      : dripping({
          clock,
          pieces: quarters(JSON.stringify(format.whole({ text: WORDS }))),
          everyMs: WHOLE_DRIP_MS,
          type: 'application/json',
        }),
}

function never(): Promise<Response> {
  return new Promise(() => {})
}

/** As the transport tells it. */
function unsent(code: string): never {
  const cause = Object.assign(new Error('no connection'), { code })
  throw toTransportError(cause, { phase: 'headers', host: '127.0.0.1:9', provider: 'scripted' })
}

const refusal = ({ format }: Asked, status: number, headers: HeadersInit = {}): Response =>
  Response.json(format.error('some_type', SAID), { status, headers })

/** A failure inside an answer that began with a 200. */
const told = ({ format, stream }: Asked, type: string): Response =>
  stream
    ? streamed([...format.frames().slice(0, 1), format.errorFrame(type, SAID)])
    : Response.json(format.error(type, SAID, type))

/** Frames up to the first word. */
function opening(format: ClientFormat): string[] {
  const frames = format.frames({ text: WORDS })
  return frames.slice(0, 1 + frames.findIndex((frame) => format.streamText(frame) !== ''))
}

/** The frames behind the first word. */
const closing = (format: ClientFormat): string[] => format.frames({ text: WORDS }).slice(opening(format).length)

const half = (format: ClientFormat): string => JSON.stringify(format.whole()).slice(0, 40)

/** An answer that begins with these frames (or half of a whole one), then breaks after `afterMs`, or stays silent. */
function breaking({ format, stream, clock }: Asked, begin: (format: ClientFormat) => string[], afterMs?: number): Response {
  const body = new LiveBody()
  const frames = begin(format)
  if (frames.length > 0) body.push(...(stream ? frames : [half(format)]))
  if (afterMs !== undefined) void clock.sleep(afterMs).then(() => body.break())
  return body.answer(stream ? 'text/event-stream' : 'application/json')
}

function streamed(frames: readonly string[]): Response {
  return textual(frames.join(''), 'text/event-stream')
}

const textual = (text: string, type: string): Response => new Response(text, { headers: { 'content-type': type } })

const quarters = (text: string): string[] => {
  const size = Math.ceil(text.length / 4)
  return [0, 1, 2, 3].map((index) => text.slice(index * size, (index + 1) * size))
}

interface Drip {
  readonly clock: ManualClock
  readonly pieces: readonly string[]
  readonly everyMs: number
  readonly type?: string
}

function dripping({ clock, pieces, everyMs, type = 'text/event-stream' }: Drip): Response {
  const body = new LiveBody()
  void (async () => {
    for (const piece of pieces) {
      if (body.cancelled) return
      body.push(piece)
      await clock.sleep(everyMs)
    }
    if (!body.cancelled) body.end()
  })()
  return body.answer(type)
}
