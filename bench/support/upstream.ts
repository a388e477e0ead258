/** The upstream of the benchmark, a process of its own: speaks Chat and Messages, buffered and streamed. Prints its port. */
import { chatAnswer, chatStream, messagesAnswer, messagesStream } from './bodies.ts'

const encoder = new TextEncoder()
const FRAMES = {
  chat: chatStream().map((frame) => encoder.encode(frame)),
  messages: messagesStream().map((frame) => encoder.encode(frame)),
}
/** Frames in one network chunk when bursty. */
const BURST = 20
const BURSTS = { chat: bursts(FRAMES.chat), messages: bursts(FRAMES.messages) }
const JSON_HEADERS = { 'content-type': 'application/json' }
const SSE_HEADERS = { 'content-type': 'text/event-stream' }

function bursts(frames: Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = []
  for (let index = 0; index < frames.length; index += BURST) joined.push(Buffer.concat(frames.slice(index, index + BURST)))
  return joined
}

function stream(chunks: Uint8Array[]): Response {
  let index = 0
  const body = new ReadableStream({
    async pull(controller) {
      if (index === chunks.length) return controller.close()
      controller.enqueue(chunks[index++]!)
      // The next chunk leaves in a packet of its own.
      await new Promise((resolve) => setImmediate(resolve))
    },
  })
  return new Response(body, { headers: SSE_HEADERS })
}

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  maxRequestBodySize: 256 * 1024 * 1024,
  async fetch(request) {
    const format = request.url.includes('/messages') ? 'messages' : 'chat'
    const body = await request.bytes()
    const tail = body.length > 1024 * 1024 ? '' : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
    if (tail.includes('"stream":true')) {
      if (tail.includes('HANG_OPEN')) return hanging()
      return stream(tail.includes('bursty') ? BURSTS[format] : FRAMES[format])
    }
    return new Response(format === 'chat' ? chatAnswer : messagesAnswer, { headers: JSON_HEADERS })
  },
})

/** A stream that has begun and then stays open. */
function hanging(): Response {
  return new Response(
    new ReadableStream({
      start: (controller) => {
        for (const frame of FRAMES.chat.slice(0, 3)) controller.enqueue(frame)
      },
    }),
    { headers: SSE_HEADERS },
  )
}

console.log(`PORT ${server.port}`)
