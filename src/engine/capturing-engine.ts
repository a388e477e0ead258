import type { CapturedBody, CapturedCall, CaptureStore } from '../state/captures/store.ts'
import type { Answer, AnswerStream, Call, Engine, HeaderList } from './engine.ts'

/** Header by which whoever makes a call sees that its bodies are captured. */
const CAPTURE_HEADER = 'x-switchback-capture'

const encoder = new TextEncoder()

/** The engine, with the bodies of calls that an operator wants captured copied on their way. All other calls go straight through. */
export function capturingEngine(engine: Engine, captures: Pick<CaptureStore, 'isActive' | 'begin'>): Engine {
  return {
    get active() {
      return engine.active
    },
    generate(call) {
      const captured = captures.isActive ? captures.begin(call.principal.keyId, call.requestId) : undefined
      return captured === undefined ? engine.generate(call) : generateCaptured(engine, call, captured)
    },
    countTokens: (call) => engine.countTokens(call),
    preview: (call) => engine.preview(call),
    refuse: (call) => engine.refuse(call),
  }
}

async function generateCaptured(engine: Engine, call: Call, captured: CapturedCall): Promise<Answer> {
  const request = captured.body('request.json')
  request.write(call.body.bytes)
  request.end()
  const answer = await engine.generate(call)
  const headers: HeaderList = [...answer.headers, [CAPTURE_HEADER, captured.capture]]
  if (answer.kind === 'stream')
    return { ...answer, headers, stream: new CapturedStream(answer.stream, captured.body('answer.sse')) }
  const body = captured.body('answer.json')
  body.write(bytesOf(call, answer))
  body.end()
  return { ...answer, headers }
}

/** What the client gets. */
function bytesOf(call: Call, answer: Extract<Answer, { kind: 'whole' | 'error' }>): Uint8Array {
  if (answer.kind === 'error') return encoder.encode(JSON.stringify(call.codec.encodeError(answer.error, call.requestId).body))
  return typeof answer.body === 'string' ? encoder.encode(answer.body) : answer.body
}

/** A stream that goes on as it comes, and whose chunks are copied behind it. */
class CapturedStream implements AnswerStream {
  readonly ping: Uint8Array
  readonly pingMs: number
  private readonly stream: AnswerStream
  private readonly body: CapturedBody

  constructor(stream: AnswerStream, body: CapturedBody) {
    this.ping = stream.ping
    this.pingMs = stream.pingMs
    this.stream = stream
    this.body = body
  }

  async next(): Promise<Uint8Array | undefined> {
    const chunk = await this.stream.next()
    if (chunk === undefined) this.body.end()
    else this.body.write(chunk)
    return chunk
  }

  cancel(): void {
    this.body.end()
    this.stream.cancel()
  }
}
