import type { CapturedBody, CapturedCall, CaptureStore } from '../state/captures/store.ts'
import type { Answer, AnswerStream, Call, Engine, HeaderList } from './engine.ts'
import { ForwardedStream } from './forwarded-stream.ts'

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
    replay: (call, body) => engine.replay(call, body),
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

/** A stream whose chunks are copied behind it. */
class CapturedStream extends ForwardedStream {
  private readonly body: CapturedBody

  constructor(stream: AnswerStream, body: CapturedBody) {
    super(stream)
    this.body = body
  }

  protected override passed(chunk: Uint8Array): void {
    this.body.write(chunk)
  }

  protected ended(): void {
    this.body.end()
  }

  protected override cancelled(): void {
    this.body.end()
  }
}
