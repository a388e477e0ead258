import type { WireFormat } from '../../../src/ir/wire-format.ts'

type Json = Record<string, unknown>

/** A conversation told in no format: what every format can hold. Results may stand anywhere, which no format allows. */
export type Step =
  | { readonly kind: 'system' | 'developer' | 'user' | 'assistant'; readonly text: string }
  | {
      readonly kind: 'calls'
      readonly text: string
      readonly calls: readonly { readonly id: string; readonly name: string; readonly query: string }[]
    }
  | { readonly kind: 'result'; readonly id: string; readonly text: string; readonly failed?: boolean }

/** Fields in which the turns of a conversation stand; `messages` where nothing is said. */
const CONVERSATION: Partial<Record<WireFormat, string>> = { responses: 'input', gemini: 'contents' }

const argumentsOf = (query: string): Json => ({ query })

/** The conversation as a body of `format`, one turn or item for each step, in order. */
export function bodyOfStory(steps: readonly Step[], format: WireFormat): Json {
  const names = [...new Set(steps.flatMap((step) => (step.kind === 'calls' ? step.calls.map((call) => call.name) : [])))]
  const tools = names.map((name) => toolOf(name, format))
  const first = steps.findIndex((step) => step.kind !== 'system' && step.kind !== 'developer')
  const leading = format !== 'openai' && format !== 'responses' ? steps.slice(0, first < 0 ? steps.length : first) : []
  const turns = steps.slice(leading.length).flatMap((step) => TURNS[format](step, (id) => calledName(steps, id)))
  const body: Json = format === 'gemini' || format === 'bedrock_converse' ? {} : { model: 'client-model' }
  body[CONVERSATION[format] ?? 'messages'] = turns
  if (format === 'anthropic') body['max_tokens'] = 4_000
  const instructions = leading.map((step) => ('text' in step ? step.text : ''))
  if (leading.length > 0 && format === 'gemini') body['systemInstruction'] = { parts: instructions.map((text) => ({ text })) }
  else if (leading.length > 0 && format === 'bedrock_converse') body['system'] = instructions.map((text) => ({ text }))
  else if (leading.length > 0) body['system'] = instructions.map((text) => ({ type: 'text', text }))
  if (tools.length > 0 && format === 'bedrock_converse') body['toolConfig'] = { tools }
  else if (tools.length > 0) body['tools'] = tools
  return body
}

/** Gemini wants the name of the function again with its result. */
function calledName(steps: readonly Step[], id: string): string {
  const calls = steps.flatMap((step) => (step.kind === 'calls' ? step.calls : []))
  return calls.find((call) => call.id === id)?.name ?? 'search'
}

function toolOf(name: string, format: WireFormat): Json {
  const parameters = { type: 'object', properties: { query: { type: 'string' } } }
  if (format === 'anthropic') return { name, input_schema: parameters }
  if (format === 'gemini') return { functionDeclarations: [{ name, parametersJsonSchema: parameters }] }
  if (format === 'bedrock_converse') return { toolSpec: { name, inputSchema: { json: parameters } } }
  if (format === 'responses') return { type: 'function', name, parameters, strict: false }
  return { type: 'function', function: { name, parameters } }
}

const TURNS: Readonly<Record<WireFormat, (step: Step, nameOf: (id: string) => string) => Json[]>> = {
  openai(step) {
    if (step.kind === 'result') return [{ role: 'tool', tool_call_id: step.id, content: step.text }]
    if (step.kind !== 'calls') return [{ role: step.kind, content: step.text }]
    const calls = step.calls.map(({ id, name, query }) => ({
      id,
      type: 'function',
      function: { name, arguments: JSON.stringify(argumentsOf(query)) },
    }))
    return [{ role: 'assistant', content: step.text === '' ? null : step.text, tool_calls: calls }]
  },
  anthropic(step) {
    if (step.kind === 'result') {
      const failed = step.failed === undefined ? {} : { is_error: step.failed }
      return [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: step.id, content: step.text, ...failed }] }]
    }
    if (step.kind !== 'calls') return [{ role: step.kind === 'developer' ? 'system' : step.kind, content: step.text }]
    const text = step.text === '' ? [] : [{ type: 'text', text: step.text }]
    const uses = step.calls.map(({ id, name, query }) => ({ type: 'tool_use', id, name, input: argumentsOf(query) }))
    return [{ role: 'assistant', content: [...text, ...uses] }]
  },
  responses(step) {
    if (step.kind === 'result') return [{ type: 'function_call_output', call_id: step.id, output: step.text }]
    if (step.kind !== 'calls') return [{ type: 'message', role: step.kind, content: step.text }]
    const text = step.text === '' ? [] : [{ type: 'message', role: 'assistant', content: step.text }]
    const calls = step.calls.map(({ id, name, query }) => ({
      type: 'function_call',
      call_id: id,
      name,
      arguments: JSON.stringify(argumentsOf(query)),
    }))
    return [...text, ...calls]
  },
  gemini(step, nameOf) {
    if (step.kind === 'result') {
      const response = { [step.failed === true ? 'error' : 'output']: step.text }
      return [{ role: 'user', parts: [{ functionResponse: { id: step.id, name: nameOf(step.id), response } }] }]
    }
    // There is no other place for instructions than the one in front.
    if (step.kind !== 'calls') return [{ role: step.kind === 'assistant' ? 'model' : 'user', parts: [{ text: step.text }] }]
    const text = step.text === '' ? [] : [{ text: step.text }]
    const calls = step.calls.map(({ id, name, query }) => ({ functionCall: { id, name, args: argumentsOf(query) } }))
    return [{ role: 'model', parts: [...text, ...calls] }]
  },
  bedrock_converse(step) {
    if (step.kind === 'result') {
      const status = step.failed === undefined ? {} : { status: step.failed ? 'error' : 'success' }
      return [{ role: 'user', content: [{ toolResult: { toolUseId: step.id, content: [{ text: step.text }], ...status } }] }]
    }
    // There is no other place for instructions than the one in front.
    if (step.kind !== 'calls') return [{ role: step.kind === 'assistant' ? 'assistant' : 'user', content: [{ text: step.text }] }]
    const text = step.text === '' ? [] : [{ text: step.text }]
    const calls = step.calls.map(({ id, name, query }) => ({ toolUse: { toolUseId: id, name, input: argumentsOf(query) } }))
    return [{ role: 'assistant', content: [...text, ...calls] }]
  },
}
