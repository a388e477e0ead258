/**
 * The floors: the least a proxy in this runtime can do. `json` parses both bodies and forwards them; a stream is piped byte for byte,
 * or, with `/reencode`, parsed frame by frame and written in the other format. Pull-based, so that backpressure works as it has to.
 */
const upstream = process.argv[2]!
const encoder = new TextEncoder()

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  maxRequestBodySize: 256 * 1024 * 1024,
  async fetch(request) {
    const reencode = request.url.includes('/reencode')
    const text = await request.text()
    const body = JSON.parse(text) as { stream?: boolean }
    const response = await fetch(`${upstream}${reencode ? '/v1/messages' : '/v1/chat/completions'}`, {
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
    return reencode ? reencoded(response) : piped(response)
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

/** Messages frames in, Chat frames out, with the least state that does it. */
async function reencoded(response: Response): Promise<Response> {
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  const translate = (chunk: Uint8Array): string => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!
    let output = ''
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue
      const event = JSON.parse(line.slice(6)) as { type: string; delta?: { text?: string; stop_reason?: string } }
      const delta = event.type === 'content_block_delta' ? { content: event.delta?.text } : {}
      if (event.type === 'message_stop') output += 'data: [DONE]\n\n'
      else if (event.type !== 'content_block_start' && event.type !== 'content_block_stop') {
        const finish = event.delta?.stop_reason === undefined ? null : 'stop'
        output += `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'bench', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
      }
    }
    return output
  }
  let first: Uint8Array | undefined = (await reader.read()).value
  const body = new ReadableStream({
    async pull(controller) {
      for (;;) {
        const chunk = first ?? (await reader.read()).value
        first = undefined
        if (chunk === undefined) return controller.close()
        const output = translate(chunk)
        if (output !== '') return controller.enqueue(encoder.encode(output))
      }
    },
    cancel: () => reader.cancel(),
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

console.log(`PORT ${server.port}`)
