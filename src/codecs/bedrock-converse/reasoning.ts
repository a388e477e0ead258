import type { ReasoningPart } from '../../ir/content.ts'
import { unwrapState, wrapState, type CarriedState } from '../carrier.ts'

/** Reasoning as a client or an upstream sent it. Envelopes of the gateway give the state of their origin back. */
export function reasoningPart(text: string, signature: string | undefined): ReasoningPart {
  const carried = signature === undefined ? undefined : unwrapState(signature)
  if (carried === undefined)
    return { type: 'reasoning', text, ...(signature === undefined ? {} : { signature }), origin: 'bedrock_converse' }
  // What a Responses client sees, and what that API takes back beside the encrypted content, is a summary.
  const shown: ReasoningPart =
    carried.origin === 'responses' ? { type: 'reasoning', summary: text === '' ? [] : [text] } : { type: 'reasoning', text }
  return restored(shown, carried)
}

function restored(part: ReasoningPart, carried: CarriedState): ReasoningPart {
  part.origin = carried.origin
  if (typeof carried.id === 'string') part.id = carried.id
  if (typeof carried.signature === 'string') part.signature = carried.signature
  if (typeof carried.redacted === 'string') part.redacted = carried.redacted
  if (typeof carried.encrypted === 'string') part.encrypted = carried.encrypted
  if (Array.isArray(carried.details)) part.details = carried.details
  if (typeof carried.callId === 'string') part.callId = carried.callId
  return part
}

/** The signature under which a client of this format keeps the state of a part; undefined when it has none. */
export function signatureFor(part: ReasoningPart): string | undefined {
  const { origin, id, signature, redacted, encrypted, details, callId } = part
  if (origin === 'bedrock_converse') return signature
  if (signature === undefined && redacted === undefined && encrypted === undefined && details === undefined) return undefined
  return wrapState({ origin: origin ?? 'openai', id, signature, redacted, encrypted, details, callId })
}

/** The readable side of a reasoning part: its text, or its summary in one piece. */
export function readableReasoning(part: ReasoningPart): string {
  if (part.text !== undefined && part.text !== '') return part.text
  return part.summary?.join('\n\n') ?? ''
}
