import type { ReasoningPart } from '../ir/content.ts'
import { unwrapState, wrapState, type CarriedState } from './carrier.ts'
import type { Report } from './report.ts'

/** The readable side of a reasoning part: its text, or its summary in one piece. */
export function readableReasoning(part: ReasoningPart): string {
  if (part.text !== undefined && part.text !== '') return part.text
  return part.summary?.join('\n\n') ?? ''
}

/** Whether there is anything of it that only its origin understands. */
export const hasState = ({ signature, redacted, encrypted, details }: ReasoningPart): boolean =>
  signature !== undefined || redacted !== undefined || encrypted !== undefined || details !== undefined

/** The envelope in which a client of another format keeps the state of a part. */
export function envelopeOf({ origin, id, signature, redacted, encrypted, details, callId }: ReasoningPart): string {
  return wrapState({ origin: origin ?? 'openai', id, signature, redacted, encrypted, details, callId })
}

/**
 * The part that a client was shown as `text`, with the state in the envelope that it has kept; undefined when `envelope` is none. What a
 * client of Responses sees, and what that API takes back beside the encrypted content, is a summary.
 */
export function partOfEnvelope(text: string, envelope: string | undefined): ReasoningPart | undefined {
  const carried = envelope === undefined ? undefined : unwrapState(envelope)
  if (carried === undefined) return undefined
  return restoreState(
    carried.origin === 'responses' ? { type: 'reasoning', summary: text === '' ? [] : [text] } : { type: 'reasoning', text },
    carried,
  )
}

/** Puts the state of an envelope into a part, which is then its origin's. */
export function restoreState(part: ReasoningPart, carried: CarriedState): ReasoningPart {
  const { origin, id, signature, redacted, encrypted, details, callId } = carried
  part.origin = origin
  if (id !== undefined) part.id = id
  if (signature !== undefined) part.signature = signature
  if (redacted !== undefined) part.redacted = redacted
  if (encrypted !== undefined) part.encrypted = encrypted
  if (details !== undefined) part.details = details
  if (callId !== undefined) part.callId = callId
  return part
}

/** Reports everything of a part that cannot go to the vendor of the format; `why` tells it of the reasoning itself. */
export function reportForeignReasoning(part: ReasoningPart, report: Report, why: string): void {
  const { path, signature, redacted, encrypted, details } = part
  report.lost('part.reasoning', path, why)
  if (signature !== undefined) report.lost('part.reasoning_signature', path, 'the signature belongs to another provider')
  if (redacted !== undefined) report.lost('part.reasoning_redacted', path, 'the redacted reasoning belongs to another provider')
  if (encrypted !== undefined)
    report.lost('part.reasoning_encrypted', path, 'the encrypted reasoning belongs to another provider')
  if (details !== undefined) report.lost('part.reasoning_details', path, 'the reasoning details belong to another provider')
}
