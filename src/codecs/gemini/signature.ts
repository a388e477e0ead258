import type { ReasoningPart } from '../../ir/content.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { unwrapState, type CarriedState } from '../carrier.ts'
import { envelopeOf, hasState, restoreState } from '../reasoning-state.ts'

type StateEvent = Omit<Extract<StreamEvent, { type: 'reasoning-state' }>, 'type' | 'block'>

/**
 * Stands in for a signature that the vendor never made, in front of models that refuse calls without one: for calls of other vendors'
 * models, as its guide to thought signatures says.
 */
export const STAND_IN_SIGNATURE = 'skip_thought_signature_validator'

/**
 * Signatures are bytes in this format, and its SDKs decode them: an envelope travels as base64 of its text. These are the letters that
 * every such text begins with.
 */
const ENVELOPE_LETTERS = 'c2JrMS5'

/** The state in a signature of a client: another format's out of its envelope, else the vendor's own. */
export function stateOfSignature(signature: string): StateEvent {
  const carried = envelopeIn(signature)
  if (carried === undefined) return { origin: 'gemini', signature }
  const { origin, signature: inner, redacted, encrypted, details, callId } = carried
  return { origin, signature: inner, redacted, encrypted, details, callId }
}

/** Puts the state in a signature into a part of a request. */
export function restoreSignature(part: ReasoningPart, signature: string): void {
  restoreState(part, envelopeIn(signature) ?? { origin: 'gemini', signature })
}

/** The signature under which a client of this format keeps the state of a part; undefined when it has none. */
export function signatureFor(part: ReasoningPart): string | undefined {
  if (part.origin === 'gemini') return part.signature
  return hasState(part) ? Buffer.from(envelopeOf(part)).toString('base64') : undefined
}

function envelopeIn(signature: string): CarriedState | undefined {
  // Clients may write the letters of either alphabet of base64; decoding takes both.
  return signature.startsWith(ENVELOPE_LETTERS) ? unwrapState(Buffer.from(signature, 'base64').toString()) : undefined
}
