import type { EventStreamMessage } from '../../lib/event-stream.ts'
import { sseText } from '../../lib/sse-text.ts'

/** A message of `ConverseStream` as an event: named by its kind or its exception, with its JSON. */
export function converseEvent(message: EventStreamMessage): Buffer {
  const exception = exceptionIn(message)
  if (exception !== undefined) return Buffer.from(sseText(exception.name, JSON.stringify({ message: exception.message })))
  return Buffer.concat([beginningOf(message), oneLine(message.payload), END])
}

const END = Buffer.from('\n\n')
/** The parser gives messages of one kind the same headers. */
const beginnings = new WeakMap<EventStreamMessage['headers'], Buffer>()

/** An event up to its JSON. */
function beginningOf({ headers }: EventStreamMessage): Buffer {
  let beginning = beginnings.get(headers)
  if (beginning === undefined) {
    beginning = Buffer.from(sseText(headers.get(':event-type'), '').trimEnd() + ' ')
    beginnings.set(headers, beginning)
  }
  return beginning
}

export interface StreamException {
  readonly name: string
  readonly message: string
}

/** The failure that a message tells: a modelled exception, or an error that is told in headers alone. */
export function exceptionIn({ headers, payload }: EventStreamMessage): StreamException | undefined {
  const type = headers.get(':message-type')
  const event = headers.get(':event-type')
  if (type === 'error')
    return { name: headers.get(':error-code') ?? 'error', message: headers.get(':error-message') ?? UNEXPLAINED }
  const name = type === 'exception' ? (headers.get(':exception-type') ?? event ?? 'error') : event
  if (name === undefined || (type !== 'exception' && !name.endsWith('Exception'))) return undefined
  return { name, message: sentenceIn(payload.toString()) }
}

const UNEXPLAINED = 'the upstream reported an error without a message'

function sentenceIn(text: string): string {
  try {
    const { message, Message: other } = JSON.parse(text) as { message?: unknown; Message?: unknown }
    const told = message ?? other
    return typeof told === 'string' ? told : UNEXPLAINED
  } catch {
    return UNEXPLAINED // not in the form that the API documents
  }
}

/** Line breaks of JSON stand between its tokens only. An event has one line. */
export const oneLine = (json: Buffer): Buffer =>
  json.includes(LF) || json.includes(CR) ? Buffer.from(json.toString().replaceAll(/[\r\n]+/g, ' ')) : json

const LF = 10
const CR = 13
