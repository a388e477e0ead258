import { expect } from 'bun:test'
import { toolInputObject, toolInputText } from '../../../src/codecs/tool-input.ts'
import type { UnifiedFinish } from '../../../src/ir/finish.ts'
import type { LlmResponse } from '../../../src/ir/response.ts'
import type { WireFormat } from '../../../src/ir/wire-format.ts'
import type { Expected } from './shared-data.ts'

/** Unified reasons in the words of the recorded facts. */
const FINISH: Readonly<Record<UnifiedFinish, string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
  context: 'length',
  error: 'error',
  unknown: 'unknown',
}

/** Clients that see refusals as text, and the input of a call as an object. */
const SHOWN_AS_TEXT: ReadonlySet<WireFormat> = new Set(['anthropic', 'gemini', 'bedrock_converse'])

const words = (text: string): string => text.replaceAll(/\s+/g, '')

/** Compares what a client of `client` reads with what a correct gateway has to deliver. */
export function expectFacts(response: LlmResponse, expected: Expected, client: WireFormat): void {
  const content = response.choices[0]?.content ?? []
  const shown = (...types: string[]): string =>
    content.map((part) => (types.includes(part.type) && 'text' in part ? (part.text ?? '') : '')).join('')
  if (SHOWN_AS_TEXT.has(client)) expect(shown('text', 'refusal')).toBe(expected.text + expected.refusal)
  else expect({ text: shown('text'), refusal: shown('refusal') }).toEqual({ text: expected.text, refusal: expected.refusal })
  const reasoning = content.flatMap((part) => (part.type === 'reasoning' ? [...(part.summary ?? []), part.text ?? ''] : []))
  expect(words(reasoning.join(''))).toBe(words(expected.reasoning))
  expectUsage(response, expected)
  // The recorded facts of answers without any reason count no calls that stand whole in the first frame.
  if (expected.finish === null) return
  const calls = content.filter((part) => part.type === 'tool-call')
  expect(calls.map(({ id, name, input }) => ({ id, name, input: valueOf(toolInputText(input), client) }))).toEqual(
    // A call that came without an id has one of ours.
    expected.toolCalls.map(({ id, name, argumentsJson }) => ({
      id: id ?? expect.stringMatching(/^call_[0-9a-f]{24}$/),
      name,
      input: valueOf(argumentsJson, client),
    })),
  )
  const accepted = expected.finishAccept ?? [expected.finish]
  expect(accepted).toContain(FINISH[response.choices[0]?.finish.unified ?? 'unknown'])
}

/** Arguments by meaning. A Messages, Gemini or Converse client gets an object even where the model was cut off in the middle of one. */
function valueOf(text: string, client: WireFormat): unknown {
  if (SHOWN_AS_TEXT.has(client)) return toolInputObject({ kind: 'json', text }).value
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function expectUsage(response: LlmResponse, { usage }: Expected): void {
  if (usage === null || usage.input + usage.output === 0) return
  expect(response.usage?.inputTokens).toBe(usage.input)
  expect(usage.outputAccept ?? [usage.output]).toContain(response.usage?.outputTokens as number)
  expect(response.usage?.cacheReadTokens ?? 0).toBe(usage.cachedInput)
  expect(response.usage?.reasoningTokens ?? 0).toBe(usage.reasoning)
}
