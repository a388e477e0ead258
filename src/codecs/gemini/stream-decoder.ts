import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Emit, StreamFailure } from '../../ir/stream-event.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { StreamDecoder } from '../codec.ts'
import { CUT_OFF, NO_JSON, NO_OBJECT, parseFrame } from '../upstream-frames.ts'
import { CandidateDecoder, type AnswerScope } from './candidate-decoder.ts'
import { setMember } from '../schema-notes.ts'
import { decodeFailure } from './error.ts'
import { decodeBlock } from './finish.ts'
import { decodeUsage } from './usage.ts'

const NONE: readonly unknown[] = []
const CHUNK_FIELDS: ReadonlySet<string> = new Set(['candidates', 'usageMetadata', 'modelVersion', 'responseId', 'createTime'])

/**
 * Chunks of an answer → canonical events. Each chunk has the shape of a whole answer, so a whole answer is a stream of one. There is
 * no frame that ends it: it is complete when its first candidate has a reason to be.
 */
export class GeminiStreamDecoder implements StreamDecoder {
  private readonly scope: AnswerScope
  private readonly candidates: Map<number, CandidateDecoder>
  private started: boolean
  private isBlocked: boolean
  private done: boolean

  constructor() {
    this.scope = { responseId: undefined, nextBlock: 0 }
    this.candidates = new Map()
    this.started = false
    this.isBlocked = false
    this.done = false
  }

  push(frame: SseFrame, emit: Emit): void {
    if (this.done || frame.data === '' || frame.data === '[DONE]') return
    const data = parseFrame(frame.data)
    if (data === undefined) this.fail(NO_JSON, emit)
    else this.chunk(data, emit)
  }

  /** One chunk, parsed. A list is a stream that came at once. */
  chunk(data: unknown, emit: Emit): void {
    if (this.done) return
    const failure = decodeFailure(data)
    if (failure !== undefined) this.fail(failure, emit)
    else if (Array.isArray(data)) for (const chunk of data as unknown[]) this.chunk(chunk, emit)
    else if (isObject(data)) this.read(data, emit)
    else this.fail(NO_OBJECT, emit)
  }

  end(emit: Emit): void {
    if (this.done) return
    const isComplete = this.isBlocked || this.candidates.get(0)?.isFinished === true
    if (!isComplete) {
      this.fail(CUT_OFF, emit)
      return
    }
    this.endCandidates(emit)
    this.done = true
    emit({ type: 'end' })
  }

  /** All candidates are over, whether they have a reason or not. */
  endCandidates(emit: Emit): void {
    for (const candidate of this.candidates.values()) candidate.end(emit)
  }

  private read(chunk: JsonObject, emit: Emit): void {
    const candidates: readonly unknown[] = Array.isArray(chunk['candidates']) ? chunk['candidates'] : NONE
    const feedback = chunk['promptFeedback']
    const blocks = !candidates.some(isObject) && isObject(feedback) && feedback['blockReason'] !== undefined
    let rest: JsonObject | undefined
    for (const key of Object.keys(chunk))
      if (!CHUNK_FIELDS.has(key) && chunk[key] !== null && (key !== 'promptFeedback' || !blocks))
        setMember((rest ??= {}), key, chunk[key])
    // Before the start, so that an encoder of the same format can put them where they stood.
    if (rest !== undefined) emit({ type: 'metadata', format: 'gemini', fields: rest })
    if (!this.started) this.start(chunk, emit)
    for (const candidate of candidates) if (isObject(candidate)) this.candidateOf(candidate['index']).push(candidate, emit)
    if (blocks && !this.isBlocked) {
      this.isBlocked = true
      emit({ type: 'finish', choice: 0, reason: decodeBlock(feedback) })
    }
    const usage = decodeUsage(chunk['usageMetadata'])
    if (usage !== undefined) emit({ type: 'usage', usage })
  }

  private start(chunk: JsonObject, emit: Emit): void {
    this.started = true
    const responseId = typeof chunk['responseId'] === 'string' ? chunk['responseId'] : undefined
    this.scope.responseId = responseId
    const createdAt = typeof chunk['createTime'] === 'string' ? Date.parse(chunk['createTime']) : Number.NaN
    emit({
      type: 'response-start',
      ...(responseId === undefined ? {} : { id: responseId }),
      ...(typeof chunk['modelVersion'] === 'string' ? { model: chunk['modelVersion'] } : {}),
      ...(Number.isNaN(createdAt) ? {} : { createdAt: Math.floor(createdAt / 1000) }),
    })
  }

  private candidateOf(index: unknown): CandidateDecoder {
    const choice = typeof index === 'number' ? index : 0
    let candidate = this.candidates.get(choice)
    if (candidate === undefined) {
      candidate = new CandidateDecoder(choice, this.scope)
      this.candidates.set(choice, candidate)
    }
    return candidate
  }

  private fail(error: StreamFailure, emit: Emit): void {
    this.done = true
    emit({ type: 'error', error })
  }
}
