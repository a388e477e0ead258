import { EventStreamParser, type EventStreamMessage } from '../../lib/event-stream.ts'

const BINARY = 'application/vnd.amazon.eventstream'

/** A message as the bytes of a whole server-sent event; none for one that says nothing. */
export type EventOf = (message: EventStreamMessage) => Uint8Array | undefined

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
  const events = new EventBytes(eventOf)
  const bytesOf = (chunk: Uint8Array): Uint8Array | undefined => {
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
          const bytes = bytesOf(value)
          if (bytes === undefined) continue
          controller.enqueue(bytes)
          return
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** Binary messages, cut anywhere, as the bytes of events. */
export class EventBytes {
  private readonly parser = new EventStreamParser()
  private readonly eventOf: EventOf
  private readonly ready: Uint8Array[] = []

  constructor(eventOf: EventOf) {
    this.eventOf = eventOf
  }

  /** The events that this chunk completes. Throws for bytes that are no messages. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    const { ready } = this
    ready.length = 0
    this.parser.push(chunk, this.onMessage)
    return ready.length > 1 ? Buffer.concat(ready) : ready[0]
  }

  end(): void {
    this.parser.end()
  }

  private readonly onMessage = (message: EventStreamMessage): void => {
    const event = this.eventOf(message)
    if (event !== undefined) this.ready.push(event)
  }
}
