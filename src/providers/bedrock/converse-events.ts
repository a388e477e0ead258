import type { EventStreamMessage } from '../../lib/event-stream.ts'
import { sseText } from '../../lib/sse-text.ts'

/** A message of `ConverseStream` as an event: named by its kind or its exception, with its JSON. */
export function converseEvent(message: EventStreamMessage): string {
  const exception = exceptionIn(message)
  if (exception !== undefined) return sseText(exception.name, JSON.stringify({ message: exception.message }))
  return sseText(message.headers.get(':event-type'), oneLine(message.payload.toString()))
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
export const oneLine = (json: string): string => (/[\r\n]/.test(json) ? json.replaceAll(/[\r\n]+/g, ' ') : json)
