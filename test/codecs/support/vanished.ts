import type { WireFormat } from '../../../src/ir/wire-format.ts'
import { covers } from './coverage.ts'
import { leavesOf, withLeaf, type Leaf } from './leaves.ts'
import { translate, type TargetOptions, type Translation } from './translate.ts'

const CANARY = /kw\d{4}z/g
/** Words that say what a node is, and wishes that the gateway itself answers; whether it arrives is told by the leaves beside them. */
const STRUCTURE = new Set([
  'type',
  'mimeType',
  'format',
  'role',
  'model',
  'stream',
  'required',
  'additionalProperties',
  'include_usage',
])

/** Another valid value for a word from a closed list, or for a number that is a word: exchanging it has to show. */
const ALTERNATIVES: Readonly<Record<string, readonly (string | number)[]>> = {
  media_type: ['image/png', 'image/jpeg', 'application/pdf'],
  ttl: ['5m', '1h'],
  detail: ['low', 'high'],
  effort: ['low', 'high'],
  reasoning_effort: ['low', 'high'],
  summary: ['auto', 'detailed'],
  display: ['summarized', 'omitted'],
  service_tier: ['auto', 'flex', 'standard_only'],
  verbosity: ['low', 'high'],
  truncation: ['auto', 'disabled'],
  tool_choice: ['auto', 'required', 'none'],
  include: ['file_search_call.results', 'message.output_text.logprobs'],
  mode: ['auto', 'required', 'AUTO', 'ANY'],
  responseMimeType: ['application/json', 'text/plain'],
  responseModalities: ['TEXT', 'AUDIO'],
  thinkingBudget: [0, 2048],
  thinkingLevel: ['LOW', 'HIGH'],
  serviceTier: ['flex', 'standard'],
  status: ['completed', 'incomplete'],
  phase: ['commentary', 'final_answer'],
}

/** The leaves of a client's body that are neither in the upstream body nor accounted for by a diagnostic. */
export function vanished(body: object, pair: readonly [WireFormat, WireFormat], options: TargetOptions): string[] {
  const translation = translate(body, pair[0], pair[1], options)
  const output = leavesOf(translation.body)
  const text = JSON.stringify(translation.body)
  const values = new Set(output.map((leaf) => leaf.value))
  // As it was, inside another string, or (arguments of a call) as the object that it stands for.
  const isIn = (value: string): boolean =>
    values.has(value) || text.includes(JSON.stringify(value).slice(1, -1)) || (value.startsWith('{"') && text.includes(value))
  const isThere = (leaf: Leaf): boolean => {
    const { value } = leaf
    const canaries = typeof value === 'string' ? value.match(CANARY) : null
    if (canaries !== null) return canaries.every((canary) => text.includes(canary))
    if (typeof value === 'number' && (values.has(value) || text.includes(`:${value}`))) return true
    if (typeof value === 'string' && isIn(value)) return true
    return showsWhenChanged(body, leaf, (other) => translate(other, pair[0], pair[1], options))
  }
  return leavesOf(body)
    .filter((leaf) => !STRUCTURE.has(leaf.key) && leaf.value !== null)
    .filter((leaf) => !translation.diagnostics.some((diagnostic) => covers(diagnostic, leaf.path)) && !isThere(leaf))
    .map((leaf) => `${leaf.path} = ${JSON.stringify(leaf.value)}`)
}

/** Booleans and words of closed lists: another value has to give another body, or another report. */
function showsWhenChanged(body: object, leaf: Leaf, send: (body: unknown) => Translation): boolean {
  const others = typeof leaf.value === 'boolean' ? [!leaf.value] : (ALTERNATIVES[leaf.key] ?? [])
  const result = (value: unknown): string => {
    const sent = send(withLeaf(body, leaf.path, value))
    return JSON.stringify([sent.body, sent.diagnostics])
  }
  return others.some((other) => other !== leaf.value && result(other) !== result(leaf.value))
}
