import { GatewayError } from '../errors/gateway-error.ts'
import { ByteHold, type ByteBudget } from '../lib/byte-budget.ts'
import type { AttemptTimer } from './attempt-timer.ts'

/** An answer that says it is this short comes with its headers, or as good as, and is not counted. */
const SHORT_BYTES = 64 * 1024

export interface ReadTextOptions {
  readonly timer: Pick<AttemptTimer, 'began'>
  /** Target, as errors name it. */
  readonly name: string
  /** Most bytes of one answer. */
  readonly maxBytes: number
  /** Of the process. */
  readonly buffers: ByteBudget
}

/**
 * The text of an answer. One that keeps coming is not silent, however long the whole of it takes: every piece starts the timer anew.
 * Throws `upstream_bad_response` for one that is too long, and `gateway_overloaded` when too much is held in memory already.
 */
export async function readText(response: Response, options: ReadTextOptions): Promise<string> {
  const declared = response.headers.get('content-length')
  if (response.body === null || (declared !== null && Number(declared) <= SHORT_BYTES)) return response.text()
  const reader = response.body.getReader()
  const hold = new ByteHold(options.buffers)
  try {
    if (declared !== null && Number(declared) > options.maxBytes) throw tooLong(options)
    return await collect(reader, hold, options)
  } catch (error) {
    reader.cancel().catch(() => undefined) // nothing more is wanted
    throw error
  } finally {
    hold.release()
  }
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  hold: ByteHold,
  options: ReadTextOptions,
): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return text + decoder.decode()
    options.timer.began()
    length += value.length
    if (length > options.maxBytes) throw tooLong(options)
    if (!hold.grow(value.length)) throw memoryFull()
    text += decoder.decode(value, { stream: true })
  }
}

const tooLong = ({ name, maxBytes }: ReadTextOptions): GatewayError =>
  new GatewayError(
    'upstream_bad_response',
    `${name} sent an answer of more than ${maxBytes} bytes (server.max_response_bytes). Ask for less, or for a stream, which is not held in memory.`,
    { target: name },
  )

/** Whoever holds large buffers is told this when there is no room for another. */
export const memoryFull = (): GatewayError =>
  new GatewayError(
    'gateway_overloaded',
    'The gateway holds as much in memory as it may (server.max_buffered_bytes). Send the request again in a moment.',
    { retryAfterMs: 1_000 },
  )
