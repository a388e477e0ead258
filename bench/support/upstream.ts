/** The upstream of the benchmark, a process of its own: speaks Chat and Messages, buffered and streamed, Gemini and Converse streamed. Prints its port. */
import { chatAnswer, chatStream, converseStream, geminiStream, messagesAnswer, messagesStream } from './bodies.ts'

const encoder = new TextEncoder()
const FRAMES = {
  chat: chatStream().map((frame) => encoder.encode(frame)),
  messages: messagesStream().map((frame) => encoder.encode(frame)),
  gemini: geminiStream().map((frame) => encoder.encode(frame)),
  converse: converseStream(),
}
type Format = keyof typeof FRAMES

/** Frames in one network chunk when bursty. */
const BURST = 20
const BURSTS: Readonly<Record<Format, Uint8Array[]>> = {
  chat: bursts(FRAMES.chat),
  messages: bursts(FRAMES.messages),
  gemini: bursts(FRAMES.gemini),
  converse: bursts(FRAMES.converse),
}
const JSON_HEADERS = { 'content-type': 'application/json' }
const SSE_HEADERS = { 'content-type': 'text/event-stream' }
const BINARY_HEADERS = { 'content-type': 'application/vnd.amazon.eventstream' }

function bursts(frames: Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = []
  for (let index = 0; index < frames.length; index += BURST) joined.push(Buffer.concat(frames.slice(index, index + BURST)))
  return joined
}

function stream(chunks: Uint8Array[], headers: Record<string, string>): Response {
  let index = 0
  const body = new ReadableStream({
    async pull(controller) {
      if (index === chunks.length) return controller.close()
      controller.enqueue(chunks[index++]!)
      // The next chunk leaves in a packet of its own.
      await new Promise((resolve) => setImmediate(resolve))
    },
  })
  return new Response(body, { headers })
}

function formatOf(url: string): Format {
  if (url.includes('/converse-stream')) return 'converse'
  if (url.includes(':streamGenerateContent')) return 'gemini'
  return url.includes('/messages') ? 'messages' : 'chat'
}

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  maxRequestBodySize: 256 * 1024 * 1024,
  async fetch(request) {
    const format = formatOf(request.url)
    const body = await request.bytes()
    const tail = body.length > 1024 * 1024 ? '' : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
    // These say in the address that they stream.
    if (format === 'gemini' || format === 'converse' || tail.includes('"stream":true')) {
      if (tail.includes('HANG_OPEN')) return hanging()
      const isBursty = tail.includes('bench-bursty') || request.url.includes('bench-bursty')
      const chunks = isBursty ? BURSTS[format] : FRAMES[format]
      return stream(chunks, format === 'converse' ? BINARY_HEADERS : SSE_HEADERS)
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
