import { toolInputText } from '../../../src/codecs/tool-input.ts'
import { unwrapState } from '../../../src/codecs/carrier.ts'
import type { ContentPart, ReasoningPart } from '../../../src/ir/content.ts'
import { isObject } from '../../../src/ir/json.ts'
import type { LlmResponse } from '../../../src/ir/response.ts'

/** Without undefined fields and places in the body, which a stream has not. */
export function bare(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === 'path' ? undefined : inner)) ?? 'null')
}

/** An answer without what is only told in one piece or in the other: places, and the spelling of JSON in calls. */
export function comparable(response: LlmResponse): unknown {
  const choices = response.choices.map((choice) => ({ ...choice, content: choice.content.map(comparablePart) }))
  const { raw: _raw, ...usage } = response.usage ?? {}
  return bare({ ...response, choices, usage })
}

function comparablePart(part: ContentPart): unknown {
  if (part.type === 'tool-call') {
    const { status: _status, ...rest } = part
    return { ...rest, input: part.input.kind === 'text' ? part.input.text : parsed(toolInputText(part.input)) }
  }
  if (part.type === 'reasoning') return comparableReasoning(part)
  return part
}

/** State in our envelope is what is in it. A summary of no parts, or empty text, says what its absence says. */
function comparableReasoning(part: ReasoningPart): unknown {
  const { text, summary, ...state } = part
  const sealed = [state.signature, state.redacted, state.encrypted, ...(state.details ?? []).flatMap(sealedIn)]
  const carried = sealed
    .map((value) => (value === undefined ? undefined : unwrapState(value)))
    .find((found) => found !== undefined)
  const readable = [text ?? '', ...(summary ?? [])].join('\n\n').trim()
  return { type: part.type, readable, ...(carried ?? state) }
}

function sealedIn(entry: unknown): string[] {
  if (!isObject(entry)) return []
  return [entry['signature'], entry['data']].filter((value) => typeof value === 'string')
}

function parsed(text: string): unknown {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** What every format can tell of an answer. */
export interface Facts {
  readonly text: string
  readonly refusal: string
  readonly reasoning: string
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[]
}

export function factsOf(response: LlmResponse, choice = 0): Facts {
  const content = response.choices.find(({ index }) => index === choice)?.content ?? []
  const joined = (type: 'text' | 'refusal'): string => content.map((part) => (part.type === type ? part.text : '')).join('')
  return {
    text: joined('text'),
    refusal: joined('refusal'),
    reasoning: content.flatMap((part) => (part.type === 'reasoning' ? [part.text ?? '', ...(part.summary ?? [])] : [])).join(''),
    calls: content.flatMap((part) =>
      part.type === 'tool-call'
        ? [
            {
              id: part.id,
              name: part.name,
              input: part.input.kind === 'text' ? part.input.text : parsed(toolInputText(part.input)),
            },
          ]
        : [],
    ),
  }
}

/** Usage fields that all three formats have. */
export function sharedUsage(response: LlmResponse): Record<string, number> {
  const { inputTokens, outputTokens, cacheReadTokens, reasoningTokens } = response.usage ?? {}
  return {
    input: inputTokens ?? 0,
    output: outputTokens ?? 0,
    cacheRead: cacheReadTokens ?? 0,
    reasoning: reasoningTokens ?? 0,
  }
}
