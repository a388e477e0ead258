import type { ReasoningPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import { wrapState } from '../carrier.ts'
import type { WireQuirks } from '../codec.ts'
import type { Report } from '../report.ts'
import { addExtra } from './fields.ts'

/** Readable text of a part: the reasoning itself, else its summary. */
export function reasoningText(part: ReasoningPart): string {
  return part.text ?? part.summary?.join('\n\n') ?? ''
}

/** Writes the reasoning of an earlier turn where the upstream takes it back. Opaque state of other formats stays behind. */
export function putReasoning(message: JsonObject, parts: readonly ReasoningPart[], quirks: WireQuirks, report: Report): void {
  const field = quirks.reasoningField
  for (const part of parts) reportReasoning(part, field, report)
  if (field === undefined || parts.length === 0) return
  if (field === 'reasoning_details') {
    const details = parts.flatMap((part): unknown[] => detailsOf(part) ?? textEntry(part))
    if (details.length > 0) message[field] = details
    return
  }
  const text = parts.map(reasoningText).join('')
  if (text !== '') message[field] = text
}

/** Entry of `reasoning_details` that carries foreign opaque state through a client of this format; undefined when there is none. */
export function carriedEntry(part: ReasoningPart, index: number): JsonObject | undefined {
  const { signature, redacted, encrypted, origin } = part
  if (origin === undefined || (signature === undefined && redacted === undefined && encrypted === undefined)) return undefined
  const envelope = wrapState({ origin, id: part.id, signature, redacted, encrypted })
  if (signature !== undefined) return { type: 'reasoning.text', text: reasoningText(part), signature: envelope, index }
  const readable = reasoningText(part)
  return readable === ''
    ? { type: 'reasoning.encrypted', data: envelope, index }
    : { type: 'reasoning.encrypted', data: envelope, summary: readable, index }
}

/** Entries that came from a server of this format, or undefined. */
export function detailsOf(part: ReasoningPart): unknown[] | undefined {
  return part.origin === 'openai' || part.origin === undefined ? part.details : undefined
}

function textEntry(part: ReasoningPart): JsonObject[] {
  const text = reasoningText(part)
  return text === '' ? [] : [{ type: 'reasoning.text', text }]
}

function reportReasoning(part: ReasoningPart, field: WireQuirks['reasoningField'], report: Report): void {
  if (field === undefined) {
    report.lost('part.reasoning', part.path, 'the upstream takes no reasoning of earlier turns')
    return
  }
  addExtra({}, part.extra, part.path, report)
  if (part.id !== undefined) report.lost('message.id', part.path, 'reasoning has no id here')
  if (part.signature !== undefined)
    report.lost('part.reasoning_signature', part.path, 'the signature is only valid at its origin')
  if (part.redacted !== undefined)
    report.lost('part.reasoning_redacted', part.path, 'redacted reasoning is only readable at its origin')
  if (part.encrypted !== undefined)
    report.lost('part.reasoning_encrypted', part.path, 'encrypted reasoning is only readable at its origin')
  if (part.details !== undefined && field !== 'reasoning_details') {
    report.lost('part.reasoning_details', part.path, 'the upstream takes the text of reasoning only')
  }
  if (part.summary !== undefined && part.text !== undefined) {
    report.rewritten('part.reasoning', part.path, 'the summary was left out beside the reasoning itself')
  }
}
