import { NO_CALL } from '../../codecs/no-call.ts'
import { codecFor } from '../../codecs/registry.ts'
import type { EventStreamMessage } from '../../lib/event-stream.ts'
import { sseText } from '../../lib/sse-text.ts'
import { exceptionIn, oneLine } from './converse-events.ts'

/** The status each exception of a stream would have had as an answer. Source: `ResponseStream` of the API. */
const STATUS: Readonly<Record<string, number>> = {
  throttlingException: 429,
  validationException: 400,
  modelTimeoutException: 504,
  modelStreamErrorException: 500,
  internalServerException: 500,
  serviceUnavailableException: 529,
}

const TYPE = /^\s*\{\s*"type"\s*:\s*"(\w+)"/

/** A message of `InvokeModelWithResponseStream` as the event of a Messages stream that it wraps. */
export function invokeEvent(message: EventStreamMessage): Buffer | undefined {
  const exception = exceptionIn(message)
  if (exception !== undefined) {
    const error = { message: exception.message, status: STATUS[exception.name] ?? 500 }
    let text = ''
    codecFor('anthropic')
      .createStreamEncoder(NO_CALL)
      .write({ type: 'error', error }, (event, data) => {
        text += sseText(event, data)
      })
    return Buffer.from(text)
  }
  const { bytes } = JSON.parse(message.payload.toString()) as { bytes?: unknown }
  if (typeof bytes !== 'string') return undefined
  const data = oneLine(Buffer.from(bytes, 'base64')).toString()
  return Buffer.from(sseText(TYPE.exec(data)?.[1] ?? typeIn(data), data))
}

/** Where the type is not the first member. */
function typeIn(data: string): string | undefined {
  try {
    const { type } = JSON.parse(data) as { type?: unknown }
    return typeof type === 'string' ? type : undefined
  } catch {
    return undefined // the decoder will say that it is no JSON
  }
}
