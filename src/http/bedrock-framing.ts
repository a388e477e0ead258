import type { Codec } from '../codecs/codec.ts'
import { NO_CALL } from '../codecs/no-call.ts'
import type { StreamFailure } from '../ir/stream-event.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { eventStreamMessage } from '../lib/event-stream.ts'
import type { SseFrame } from '../lib/sse-parser.ts'
import { BinaryEventStream, type MessageOf } from './binary-event-stream.ts'
import type { StreamFraming } from './stream-framing.ts'

const JSON_TYPE = 'application/json'
const EXCEPTION = /Exception$/

function framing(messageOf: MessageOf): StreamFraming {
  return {
    contentType: 'application/vnd.amazon.eventstream',
    frame: (events) => new BinaryEventStream(events, messageOf),
  }
}

/** `ConverseStream`: messages are named as the events are, by their kind or by their exception. */
export const converseFraming = (): StreamFraming => framing(namedMessage)

function namedMessage({ event = 'event', data }: SseFrame): Buffer {
  const kind = EXCEPTION.test(event)
    ? { ':exception-type': event, ':content-type': JSON_TYPE, ':message-type': 'exception' }
    : { ':event-type': event, ':content-type': JSON_TYPE, ':message-type': 'event' }
  return eventStreamMessage(kind, data)
}

const CHUNK = { ':event-type': 'chunk', ':content-type': JSON_TYPE, ':message-type': 'event' }

/** `InvokeModelWithResponseStream`: each event of a Messages stream is the content of a chunk, and its failure an exception. */
export function invokeFraming({ anthropic, bedrock_converse: bedrock }: Readonly<Record<WireFormat, Codec>>): StreamFraming {
  return framing((frame) => {
    const failure = frame.event === 'error' ? anthropic.inspectFrame(frame).error : undefined
    if (failure !== undefined) return exceptionMessage(failure, bedrock)
    return eventStreamMessage(CHUNK, JSON.stringify({ bytes: Buffer.from(frame.data).toString('base64') }))
  })
}

function exceptionMessage(error: StreamFailure, bedrock: Codec): Buffer | undefined {
  let message: Buffer | undefined
  bedrock.createStreamEncoder(NO_CALL).write({ type: 'error', error }, (event, data) => {
    message = namedMessage({ event, data })
  })
  return message
}
