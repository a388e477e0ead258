import type { ContentPart } from '../../ir/content.ts'
import type { Message } from '../../ir/request.ts'
import type { FunctionTool } from '../../ir/tool.ts'
import type { CallProbe } from './probe.types.ts'

const text = (words: string): ContentPart => ({ type: 'text', text: words })

export const system = (words: string): Message => ({ role: 'system', content: [text(words)] })
export const user = (words: string, ...more: ContentPart[]): Message => ({ role: 'user', content: [...more, text(words)] })
export const assistant = (words: string): Message => ({ role: 'assistant', content: [text(words)] })

/** A call of a tool as an earlier turn, and what it gave. */
export const called = (id: string, name: string, input: Readonly<Record<string, unknown>>): ContentPart => ({
  type: 'tool-call',
  id,
  name,
  input: { kind: 'json', text: JSON.stringify(input), value: input },
})
export const turn = (...content: ContentPart[]): Message => ({ role: 'assistant', content })
export const result = (callId: string, name: string, words: string, isError = false): Message => ({
  role: 'tool',
  content: [{ type: 'tool-result', callId, name, kind: 'json', content: [text(words)], ...(isError ? { isError } : {}) }],
})

/** Asks for a text and nothing around it. */
export const exactly = (words: string): Message => user(`Reply with exactly this and nothing else: ${words}`)

export const tool = (
  name: string,
  description: string,
  properties: Record<string, unknown>,
  required?: string[],
): FunctionTool => ({
  type: 'function',
  name,
  description,
  parameters: { type: 'object', properties, required: required ?? Object.keys(properties), additionalProperties: false },
})

export const WEATHER = tool('get_weather', 'Tells the weather of a city.', {
  city: { type: 'string', description: 'Name of the city.' },
})
export const CLOCK = tool('get_time', 'Tells the time of a city.', { city: { type: 'string', description: 'Name of the city.' } })

/** A probe of whole answers alone. */
export const once = (probe: Omit<CallProbe, 'kind' | 'stream'>): CallProbe => ({ ...probe, kind: 'call', stream: false })

/** A probe in both manners of answer: `x` and `x.stream`, the latter with what is expected of a stream besides. */
export function both(
  probe: Omit<CallProbe, 'kind' | 'stream'>,
  ofStream: CallProbe['expects'] = [],
): readonly [CallProbe, CallProbe] {
  return [
    { ...probe, kind: 'call', stream: false },
    {
      ...probe,
      kind: 'call',
      id: `${probe.id}.stream`,
      about: `${probe.about} (streamed)`,
      stream: true,
      expects: [...probe.expects, ...ofStream],
    },
  ]
}
