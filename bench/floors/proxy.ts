/**
 * The floors: the least a proxy in this runtime can do. `json` parses both bodies and forwards them; a stream is piped byte for byte,
 * or, with `/reencode/<format>`, parsed frame by frame and written in the other format. Pull-based, so that backpressure works as it has to.
 */
import { REENCODERS, type Reencoder } from './reencode.ts'

const upstream = process.argv[2]!
const encoder = new TextEncoder()

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  maxRequestBodySize: 256 * 1024 * 1024,
  async fetch(request) {
    const reencoder = REENCODERS[/\/reencode\/(\w+)$/.exec(request.url)?.[1] ?? '']
    const text = await request.text()
    const body = JSON.parse(text) as { stream?: boolean }
    const response = await fetch(`${upstream}${reencoder?.path ?? '/v1/chat/completions'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer upstream-key' },
      body: text,
      signal: request.signal,
    })
    if (body.stream !== true) {
      const answer = await response.text()
      JSON.parse(answer)
      return new Response(answer, { headers: { 'content-type': 'application/json' } })
    }
    return reencoder === undefined ? piped(response) : reencoded(response, reencoder.create())
  },
})

async function piped(response: Response): Promise<Response> {
  const reader = response.body!.getReader()
  let first: Uint8Array | undefined = (await reader.read()).value
  const body = new ReadableStream({
    async pull(controller) {
      if (first !== undefined) {
        controller.enqueue(first)
        first = undefined
        return
      }
      const { value, done } = await reader.read()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: () => reader.cancel(),
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

async function reencoded(response: Response, reencoder: Reencoder): Promise<Response> {
  const reader = response.body!.getReader()
  let first: Uint8Array | undefined = (await reader.read()).value
  const body = new ReadableStream({
    async pull(controller) {
      for (;;) {
        const chunk = first ?? (await reader.read()).value
        first = undefined
        if (chunk === undefined) return controller.close()
        const output = reencoder.push(chunk)
        if (output !== '') return controller.enqueue(encoder.encode(output))
      }
    },
    cancel: () => reader.cancel(),
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

console.log(`PORT ${server.port}`)
