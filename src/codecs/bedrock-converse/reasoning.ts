import type { ReasoningPart } from '../../ir/content.ts'
import { envelopeOf, hasState, partOfEnvelope } from '../reasoning-state.ts'

/** Reasoning as a client or an upstream sent it. Envelopes of the gateway give the state of their origin back. */
export function reasoningPart(text: string, signature: string | undefined): ReasoningPart {
  const own: ReasoningPart = { type: 'reasoning', text, origin: 'bedrock_converse' }
  if (signature !== undefined) own.signature = signature
  return partOfEnvelope(text, signature) ?? own
}

/** The signature under which a client of this format keeps the state of a part; undefined when it has none. */
export function signatureFor(part: ReasoningPart): string | undefined {
  if (part.origin === 'bedrock_converse') return part.signature
  return hasState(part) ? envelopeOf(part) : undefined
}
