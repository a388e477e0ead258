import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Emit, StreamFailure } from '../../ir/stream-event.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { StreamDecoder } from '../codec.ts'
import { generatedCallId } from '../generated-call-id.ts'
import { CUT_OFF, NO_JSON, NO_OBJECT, parseFrame } from '../upstream-frames.ts'
import { decodeFailure, isErrorBody } from './error.ts'
import { StreamChoice } from './stream-choice.ts'
import { decodeUsage } from './usage.ts'

/** Chunks of `POST /chat/completions` → canonical events. */
export class OpenaiStreamDecoder implements StreamDecoder {
  private readonly choices = new Map<number, StreamChoice>()
  private id: string | undefined = undefined
  private started = false
  private closed = false
  private blocks = 0
  private serviceTier: unknown = undefined
  /** Top-level fields already told, by name. */
  private readonly told = new Map<string, unknown>()
  /** Objects among them: they can grow with every chunk, so the last one is told at the end. */
  private readonly pending = new Map<string, unknown>()

  push(frame: SseFrame, emit: Emit): void {
    if (this.closed) return
    const { data } = frame
    if (data === '[DONE]' || data.trim() === '[DONE]') {
      this.finish(emit)
      return
    }
    if (data === '') return
    const chunk = parseFrame(data)
    if (chunk === undefined) this.fail(NO_JSON, emit)
    else if (frame.event === 'error' || isErrorBody(chunk)) this.fail(decodeFailure(chunk), emit)
    else if (isObject(chunk)) this.chunk(chunk, emit)
    else this.fail(NO_OBJECT, emit)
  }

  end(emit: Emit): void {
    if (this.closed) return
    if (this.choices.get(0)?.finished === true) this.finish(emit)
    else this.fail(CUT_OFF, emit)
  }

  private chunk(chunk: JsonObject, emit: Emit): void {
    const choices = Array.isArray(chunk['choices']) ? (chunk['choices'] as unknown[]) : []
    if (!this.started) this.start(chunk, choices.length > 0, emit)
    let usage: unknown
    for (const key of Object.keys(chunk)) {
      switch (key) {
        case 'id':
        case 'object':
        case 'created':
        case 'model':
        case 'choices':
        case 'error':
        case 'obfuscation': // padding
          break
        case 'usage':
          usage = chunk[key]
          break
        default:
          this.topLevel(key, chunk[key], emit)
      }
    }
    for (const choice of choices) if (isObject(choice)) this.choice(choice, emit)
    usage ??= usageElsewhere(chunk, choices)
    if (isObject(usage)) emit({ type: 'usage', usage: decodeUsage(usage, this.serviceTier) })
  }

  /** Azure sends a first chunk without id, model and choices: the answer starts with the next one. */
  private start(chunk: JsonObject, hasChoices: boolean, emit: Emit): void {
    const id = typeof chunk['id'] === 'string' && chunk['id'] !== '' ? chunk['id'] : undefined
    if (id === undefined && !hasChoices) return
    this.started = true
    this.id = id
    emit({
      type: 'response-start',
      id,
      model: typeof chunk['model'] === 'string' && chunk['model'] !== '' ? chunk['model'] : undefined,
      createdAt: typeof chunk['created'] === 'number' ? chunk['created'] : undefined,
    })
  }

  private choice(choice: JsonObject, emit: Emit): void {
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0
    let state = this.choices.get(index)
    if (state === undefined) {
      state = new StreamChoice({
        choice: index,
        nextBlock: () => this.blocks++,
        callId: (call) => generatedCallId(this.id, index, call),
      })
      this.choices.set(index, state)
    }
    state.push(choice, emit)
  }

  private topLevel(key: string, value: unknown, emit: Emit): void {
    if (value === null || value === undefined) return
    if (key === 'service_tier') this.serviceTier = value
    if (typeof value === 'object') {
      this.pending.set(key, value)
      return
    }
    if (this.told.get(key) === value) return
    this.told.set(key, value)
    emit({ type: 'metadata', format: 'openai', fields: Object.fromEntries([[key, value]]) })
  }

  private finish(emit: Emit): void {
    this.closed = true
    for (const choice of this.choices.values()) choice.end(emit)
    if (this.pending.size > 0) emit({ type: 'metadata', format: 'openai', fields: Object.fromEntries(this.pending) })
    emit({ type: 'end' })
  }

  private fail(error: StreamFailure, emit: Emit): void {
    this.closed = true
    emit({ type: 'error', error })
  }
}

/** Groq's older place for usage, and Moonshot's: inside the last choice. */
function usageElsewhere(chunk: JsonObject, choices: readonly unknown[]): unknown {
  const groq = chunk['x_groq']
  if (isObject(groq) && isObject(groq['usage'])) return groq['usage']
  const last = choices.at(-1)
  return isObject(last) ? last['usage'] : undefined
}
