import type { ReasoningPart } from '../../ir/content.ts'
import { isObject } from '../../ir/json.ts'
import { unwrapState } from '../carrier.ts'
import { restoreState } from '../reasoning-state.ts'

/** The fields in which servers of this format and their clients carry the reasoning of a message. */
export interface ReasoningFields {
  /** `reasoning_content` or `reasoning`. */
  readonly text: string | undefined
  /** `reasoning_details`. */
  readonly details: readonly unknown[] | undefined
}

/**
 * Reasoning parts of a message, in order. Entries of `reasoning_details` that hold an envelope of this gateway become the state
 * they carry; the others stay together, verbatim, as one part. Text that no entry repeats becomes parts of its own.
 */
export function decodeReasoning(fields: ReasoningFields, path: string | undefined): ReasoningPart[] {
  const text = fields.text ?? ''
  const parts = fields.details === undefined ? [] : detailParts(fields.details, path)
  if (parts.length === 0) return text === '' ? [] : [plain(text, path)]
  const only = parts[0]
  if (parts.length === 1 && only?.details !== undefined) {
    if (text !== '') only.text = text // the entries repeat the text, or continue it opaquely
    return parts
  }
  return interleave(text, parts, path)
}

/** Readable text of one entry of `reasoning_details`. */
export function detailText(entry: unknown): string {
  if (!isObject(entry)) return ''
  if (typeof entry['text'] === 'string') return entry['text']
  return typeof entry['summary'] === 'string' ? entry['summary'] : ''
}

function plain(text: string, path: string | undefined): ReasoningPart {
  return path === undefined ? { type: 'reasoning', text } : { type: 'reasoning', text, path }
}

function detailParts(details: readonly unknown[], path: string | undefined): ReasoningPart[] {
  const parts: ReasoningPart[] = []
  let verbatim: ReasoningPart | undefined
  for (const entry of details) {
    const carried = carriedPart(entry)
    if (carried !== undefined) {
      if (path !== undefined) carried.path = path
      parts.push(carried)
      continue
    }
    if (verbatim === undefined) {
      verbatim = { type: 'reasoning', details: [], origin: 'openai' }
      if (path !== undefined) verbatim.path = path
      parts.push(verbatim)
    }
    verbatim.details?.push(entry)
  }
  if (verbatim?.details !== undefined) {
    const text = verbatim.details.map(detailText).join('')
    if (text !== '') verbatim.text = text
  }
  return parts
}

function carriedPart(entry: unknown): ReasoningPart | undefined {
  if (!isObject(entry)) return undefined
  const envelope = typeof entry['signature'] === 'string' ? entry['signature'] : entry['data']
  const state = typeof envelope === 'string' ? unwrapState(envelope) : undefined
  if (state === undefined) return undefined
  const part = restoreState({ type: 'reasoning' }, state)
  if (typeof entry['text'] === 'string') part.text = entry['text']
  if (typeof entry['summary'] === 'string') part.summary = [entry['summary']]
  return part
}

/** Puts text that no part repeats between the parts, where it stood. */
function interleave(text: string, parts: ReasoningPart[], path: string | undefined): ReasoningPart[] {
  const ordered: ReasoningPart[] = []
  let cursor = 0
  for (const part of parts) {
    const own = part.text ?? part.summary?.[0] ?? ''
    const at = own === '' ? -1 : text.indexOf(own, cursor)
    if (at >= 0) {
      if (text.slice(cursor, at).trim() !== '') ordered.push(plain(text.slice(cursor, at), path))
      cursor = at + own.length
    }
    ordered.push(part)
  }
  if (text.slice(cursor).trim() !== '') ordered.push(plain(text.slice(cursor), path))
  return ordered
}
