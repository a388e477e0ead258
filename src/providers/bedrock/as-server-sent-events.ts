import { EventStreamParser, type EventStreamMessage } from '../../lib/event-stream.ts'

const BINARY = 'application/vnd.amazon.eventstream'

/** A message as a whole server-sent event; empty for one that says nothing. */
export type EventOf = (message: EventStreamMessage) => string

/**
 * An answer with its binary stream as server-sent events, which everything behind it reads; every other answer as it is. Nothing waits in
 * between: a chunk is pulled when one is asked for. A damaged message, or an end within one, breaks the stream off like a lost connection.
 */
export function asServerSentEvents(response: Response, eventOf: EventOf): Response {
  if (!response.ok || response.body === null || response.headers.get('content-type')?.includes(BINARY) !== true) return response
  const headers = new Headers(response.headers)
  headers.set('content-type', 'text/event-stream')
  return new Response(eventsIn(response.body, eventOf), { status: response.status, headers })
}

function eventsIn(body: ReadableStream<Uint8Array>, eventOf: EventOf): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const events = new EventTexts(eventOf)
  const textOf = (chunk: Uint8Array): string => {
    try {
      return events.push(chunk)
    } catch (error) {
      reader.cancel().catch(() => undefined) // nobody can read on behind damage
      throw error
    }
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const { value, done } = await reader.read()
          if (done) {
            events.end()
            controller.close()
            return
          }
          const text = textOf(value)
          if (text === '') continue
          controller.enqueue(Buffer.from(text))
          return
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** Binary messages, cut anywhere, as the text of events. */
export class EventTexts {
  private readonly parser = new EventStreamParser()
  private readonly eventOf: EventOf
  private text = ''

  constructor(eventOf: EventOf) {
    this.eventOf = eventOf
  }

  /** The events that this chunk completes. Throws for bytes that are no messages. */
  push(chunk: Uint8Array): string {
    this.text = ''
    this.parser.push(chunk, this.onMessage)
    return this.text
  }

  end(): void {
    this.parser.end()
  }

  private readonly onMessage = (message: EventStreamMessage): void => {
    this.text += this.eventOf(message)
  }
}
