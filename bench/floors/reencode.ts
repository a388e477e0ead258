/** What a stream of another format comes to, with the least state that does it: text deltas, an end, nothing else. */
export interface Reencoder {
  /** Frames of Chat for what this chunk completes. */
  push(chunk: Uint8Array): string
}

const chunkOf = (delta: object, finish: string | null): string =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'bench', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
const END = 'data: [DONE]\n\n'

/** By lines: what an event says is given by its JSON. */
abstract class LineReencoder implements Reencoder {
  private readonly decoder = new TextDecoder()
  private rest = ''

  push(chunk: Uint8Array): string {
    const lines = (this.rest + this.decoder.decode(chunk, { stream: true })).split('\n')
    this.rest = lines.pop()!
    let output = ''
    for (const line of lines) if (line.startsWith('data: ')) output += this.event(JSON.parse(line.slice(6)))
    return output
  }

  protected abstract event(json: any): string
}

class MessagesReencoder extends LineReencoder {
  protected event(event: { type: string; delta?: { text?: string; stop_reason?: string } }): string {
    if (event.type === 'message_stop') return END
    if (event.type === 'content_block_start' || event.type === 'content_block_stop') return ''
    const delta = event.type === 'content_block_delta' ? { content: event.delta?.text } : {}
    return chunkOf(delta, event.delta?.stop_reason === undefined ? null : 'stop')
  }
}

class GeminiReencoder extends LineReencoder {
  protected event(event: { candidates: [{ content?: { parts: [{ text: string }] }; finishReason?: string }] }): string {
    const [{ content, finishReason }] = event.candidates
    const frame = chunkOf({ content: content?.parts[0].text }, finishReason === undefined ? null : 'stop')
    return finishReason === undefined ? frame : frame + END
  }
}

/** Binary messages by their lengths; nothing is verified. */
class ConverseReencoder implements Reencoder {
  private rest: Uint8Array = new Uint8Array(0)

  push(chunk: Uint8Array): string {
    const bytes = Buffer.from(this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]))
    let output = ''
    let start = 0
    while (bytes.length - start >= 12) {
      const end = start + bytes.readUInt32BE(start)
      if (end > bytes.length) break
      const payload = bytes.toString('utf8', start + 12 + bytes.readUInt32BE(start + 4), end - 4)
      output += this.event(JSON.parse(payload))
      start = end
    }
    this.rest = bytes.subarray(start)
    return output
  }

  private event(event: { delta?: { text: string }; stopReason?: string; usage?: object; role?: string }): string {
    if (event.delta !== undefined) return chunkOf({ content: event.delta.text }, null)
    if (event.stopReason !== undefined) return chunkOf({}, 'stop')
    if (event.usage !== undefined) return END
    return event.role === undefined ? '' : chunkOf({}, null)
  }
}

/** Where each of them reads from, by the name behind `/reencode/`. */
export const REENCODERS: Readonly<Record<string, { readonly path: string; create(): Reencoder }>> = {
  messages: { path: '/v1/messages', create: () => new MessagesReencoder() },
  gemini: { path: '/v1beta/models/bench-model:streamGenerateContent?alt=sse', create: () => new GeminiReencoder() },
  converse: { path: '/model/bench-model/converse-stream', create: () => new ConverseReencoder() },
}
