import type { ReasoningPart } from '../../ir/content.ts'
import { hasState, partOfEnvelope, readableReasoning } from '../reasoning-state.ts'

/** A thinking block as a client or an upstream sent it. Envelopes of the gateway give the state of their origin back. */
export function decodeThinking(thinking: string, signature: string | undefined, path: string | undefined): ReasoningPart {
  const own: ReasoningPart = { type: 'reasoning', text: thinking, origin: 'anthropic' }
  if (signature !== undefined) own.signature = signature
  return placed(partOfEnvelope(thinking, signature) ?? own, path)
}

export function decodeRedactedThinking(data: string, path: string | undefined): ReasoningPart {
  const carried = partOfEnvelope('', data)
  // Nothing of it was shown.
  if (carried?.text === '') delete carried.text
  return placed(carried ?? { type: 'reasoning', redacted: data, origin: 'anthropic' }, path)
}

function placed(part: ReasoningPart, path: string | undefined): ReasoningPart {
  if (path !== undefined) part.path = path
  return part
}

/** True when the part holds opaque state that Anthropic itself issued. */
export function isNative(part: ReasoningPart): boolean {
  return part.origin === 'anthropic' && (part.signature !== undefined || part.redacted !== undefined)
}

/** A signature of Gemini's without anything to show: it signs the text before it, or the call behind it. */
export const isBareSignature = (part: ReasoningPart): boolean =>
  part.origin === 'gemini' && hasState(part) && readableReasoning(part) === ''

/** Why the signature of the last text stays behind; its vendor does not demand it back. */
export const BEHIND_TEXT = 'clients of the format take the last block for the answer'
