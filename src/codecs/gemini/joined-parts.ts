import type { ContentPart } from '../../ir/content.ts'
import { hasState } from '../reasoning-state.ts'

/**
 * Parts of a turn of the model as the model said them. Clients that stream put together what they got, chunk by chunk, so one text comes
 * back as many, and so does one thought, with its signature in the last piece. The last chunk may hold a text of nothing.
 */
export function joinedParts(parts: readonly ContentPart[]): ContentPart[] {
  const joined: ContentPart[] = []
  for (const part of parts) {
    if (parts.length > 1 && part.type === 'text' && part.text === '' && part.extra === undefined) continue
    const last = joined.at(-1)
    const merged = last === undefined ? undefined : merge(last, part)
    if (merged === undefined) joined.push(part)
    else joined[joined.length - 1] = merged
  }
  return joined
}

/** Two neighbours as one; undefined when they are two. */
function merge(first: ContentPart, second: ContentPart): ContentPart | undefined {
  if (first.extra !== undefined || second.extra !== undefined) return undefined
  if (first.type === 'text' && second.type === 'text') return { ...first, text: first.text + second.text }
  if (first.type !== 'reasoning' || second.type !== 'reasoning' || first.text === undefined || second.text === undefined)
    return undefined
  // What stands behind a signature was not signed with it.
  return hasState(first) ? undefined : { ...second, text: first.text + second.text, path: first.path }
}

/** What clients of this format see of a summary, and what Responses takes back beside its encrypted content, is a summary. */
export function withSummaries(parts: readonly ContentPart[]): ContentPart[] {
  return parts.map(asItWas)
}

function asItWas(part: ContentPart): ContentPart {
  if (part.type !== 'reasoning' || part.origin !== 'responses') return part
  const { text = '', ...state } = part
  return { ...state, summary: text === '' ? [] : [text] }
}
