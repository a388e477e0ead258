import type { ContentPart, ReasoningPart, ToolCallPart } from '../ir/content.ts'
import { wrapState } from './carrier.ts'

/** Signatures of calls are the invention of one vendor. */
const ORIGIN = 'gemini'

/** The signature of a call in an envelope, for clients whose calls have no place for one. */
export function callSignatureEnvelope(callId: string, signature: string): string {
  return wrapState({ origin: ORIGIN, signature, callId })
}

/** Gives the calls of a turn the signatures back that a client kept beside them. Those of calls that are gone stay what they are. */
export function withCallSignatures(content: ContentPart[]): ContentPart[] {
  const kept = content.filter(isCallSignature)
  if (kept.length === 0) return content
  const calls = new Map(content.flatMap((part) => (part.type === 'tool-call' ? [[part.id, part] as const] : [])))
  const restored = new Set<ContentPart>()
  for (const state of kept) {
    const call: ToolCallPart | undefined = calls.get(state.callId)
    if (call === undefined) continue
    call.signature = state.signature
    restored.add(state)
  }
  return content.filter((part) => !restored.has(part))
}

type CallSignature = ReasoningPart & { callId: string; signature: string }

const isCallSignature = (part: ContentPart): part is CallSignature =>
  part.type === 'reasoning' && part.origin === ORIGIN && part.callId !== undefined && part.signature !== undefined
