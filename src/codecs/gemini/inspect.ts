import { isObject, type JsonObject } from '../../ir/json.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { FrameFacts } from '../codec.ts'
import { finishDetails } from './candidate-decoder.ts'
import { decodeFailure } from './error.ts'
import { decodeBlock, decodeFinish } from './finish.ts'
import { decodeUsage } from './usage.ts'

const NOTHING: FrameFacts = { semantic: false, terminal: false }

/** What one frame of a stream tells by itself. Never throws; unreadable frames tell nothing. */
export function inspectFrame(frame: SseFrame): FrameFacts {
  const chunk = parse(frame.data)
  return chunk === undefined ? NOTHING : factsOf(chunk)
}

/** The same of a whole answer, or of a stream that came as one list. */
export function inspectResponse(body: unknown): FrameFacts {
  if (Array.isArray(body)) {
    const facts = body.map((chunk) => (isObject(chunk) ? factsOf(chunk) : NOTHING))
    return facts.reduce(merged, NOTHING)
  }
  if (!isObject(body)) return NOTHING
  const facts = factsOf(body)
  return facts.error !== undefined
    ? facts
    : { ...facts, semantic: facts.semantic || Array.isArray(body['candidates']), terminal: true }
}

function merged(earlier: FrameFacts, later: FrameFacts): FrameFacts {
  const told = Object.fromEntries(Object.entries(later).filter(([, value]) => value !== undefined))
  return { ...earlier, ...told, semantic: earlier.semantic || later.semantic, terminal: earlier.terminal || later.terminal }
}

function factsOf(chunk: JsonObject): FrameFacts {
  const error = decodeFailure(chunk)
  if (error !== undefined) return { semantic: false, terminal: true, error }
  const candidates = Array.isArray(chunk['candidates']) ? chunk['candidates'].filter(isObject) : []
  const first = candidates.find((candidate) => (candidate['index'] ?? 0) === 0)
  const raw = first?.['finishReason']
  const feedback = chunk['promptFeedback']
  const isBlocked = candidates.length === 0 && isObject(feedback) && feedback['blockReason'] !== undefined
  const finish = isBlocked
    ? decodeBlock(feedback)
    : typeof raw === 'string'
      ? decodeFinish(raw, partsOf(first).some(isCall), finishDetails(first ?? {}))
      : undefined
  const usage = decodeUsage(chunk['usageMetadata'])
  return {
    semantic: finish !== undefined || candidates.some((candidate) => partsOf(candidate).some(isContent)),
    terminal: finish !== undefined,
    ...(typeof chunk['modelVersion'] === 'string' ? { model: chunk['modelVersion'] } : {}),
    ...(usage === undefined ? {} : { usage }),
    ...(finish === undefined ? {} : { finish }),
    ...(candidates.some((candidate) => partsOf(candidate).some(isCall)) ? { calls: true } : {}),
  }
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined // not ours to complain about: the bytes go to the client as they are
  }
}

function partsOf(candidate: JsonObject | undefined): JsonObject[] {
  const content = candidate?.['content']
  return isObject(content) && Array.isArray(content['parts']) ? content['parts'].filter(isObject) : []
}

const isCall = (part: JsonObject): boolean => part['functionCall'] !== undefined

/** An empty text without a signature says nothing. */
const isContent = (part: JsonObject): boolean =>
  typeof part['text'] !== 'string' || part['text'] !== '' || part['thoughtSignature'] !== undefined
