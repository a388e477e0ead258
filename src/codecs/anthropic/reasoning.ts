import type { ReasoningPart } from '../../ir/content.ts'
import { unwrapState, wrapState, type CarriedState } from '../carrier.ts'

/** A thinking block as a client or an upstream sent it. Envelopes of the gateway give the state of their origin back. */
export function decodeThinking(thinking: string, signature: string | undefined, path: string | undefined): ReasoningPart {
  const carried = signature === undefined ? undefined : unwrapState(signature)
  const part: ReasoningPart = { type: 'reasoning' }
  if (path !== undefined) part.path = path
  if (carried !== undefined) {
    restoreState(part, carried)
    // What a Responses client sees, and what that API takes back beside the encrypted content, is a summary.
    if (carried.origin === 'responses') part.summary = thinking === '' ? [] : [thinking]
    else part.text = thinking
    return part
  }
  part.text = thinking
  if (signature !== undefined) part.signature = signature
  part.origin = 'anthropic'
  return part
}

export function decodeRedactedThinking(data: string, path: string | undefined): ReasoningPart {
  const carried = unwrapState(data)
  const part: ReasoningPart = { type: 'reasoning' }
  if (path !== undefined) part.path = path
  if (carried !== undefined) {
    restoreState(part, carried)
    if (carried.origin === 'responses') part.summary = []
    return part
  }
  part.redacted = data
  part.origin = 'anthropic'
  return part
}

/** The readable side of a reasoning part: its text, or its summary in one piece. */
export function readableReasoning(part: ReasoningPart): string {
  if (part.text !== undefined && part.text !== '') return part.text
  return part.summary?.join('\n\n') ?? ''
}

/** True when the part holds opaque state that Anthropic itself issued. */
export function isNative(part: ReasoningPart): boolean {
  return part.origin === 'anthropic' && (part.signature !== undefined || part.redacted !== undefined)
}

/** The envelope in which a client keeps the state of another format. A signature must not be empty, so there always is one. */
export function envelopeOf(part: ReasoningPart): string {
  return wrapState({
    origin: part.origin ?? 'openai',
    ...(part.id === undefined ? {} : { id: part.id }),
    ...(part.signature === undefined ? {} : { signature: part.signature }),
    ...(part.redacted === undefined ? {} : { redacted: part.redacted }),
    ...(part.encrypted === undefined ? {} : { encrypted: part.encrypted }),
    ...(part.details === undefined ? {} : { details: part.details }),
    ...(part.callId === undefined ? {} : { callId: part.callId }),
  })
}

/** A signature of Gemini's without anything to show: it signs the text before it, or the call behind it. */
export const isBareSignature = (part: ReasoningPart): boolean =>
  part.origin === 'gemini' && hasState(part) && readableReasoning(part) === ''

/** Why the signature of the last text stays behind; its vendor does not demand it back. */
export const BEHIND_TEXT = 'clients of the format take the last block for the answer'

export function hasState(part: ReasoningPart): boolean {
  return part.signature !== undefined || part.redacted !== undefined || part.encrypted !== undefined || part.details !== undefined
}

function restoreState(part: ReasoningPart, carried: CarriedState): void {
  part.origin = carried.origin
  if (typeof carried.id === 'string') part.id = carried.id
  if (typeof carried.signature === 'string') part.signature = carried.signature
  if (typeof carried.redacted === 'string') part.redacted = carried.redacted
  if (typeof carried.encrypted === 'string') part.encrypted = carried.encrypted
  if (Array.isArray(carried.details)) part.details = carried.details
  if (typeof carried.callId === 'string') part.callId = carried.callId
}
