import type { ContentPart, ToolInput } from '../../ir/content.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { ToolDefinition } from '../../ir/tool.ts'
import { exampleValue } from './example-value.ts'

/** Text of the last turn of the user; empty when there is none. */
export function lastUserText(request: LlmRequest): string {
  const last = request.messages.findLast(
    (message) => message.role === 'user' && message.content.some((part) => part.type === 'text'),
  )
  return last === undefined ? '' : textOf(last.content)
}

/** Text of the tool results that the conversation ends with; undefined when it ends otherwise. */
export function lastToolResult(request: LlmRequest): string | undefined {
  const results = request.messages.at(-1)?.content.filter((part) => part.type === 'tool-result') ?? []
  return results.length === 0 ? undefined : results.map((result) => textOf(result.content)).join(' ')
}

function textOf(content: readonly ContentPart[]): string {
  return content
    .filter((part) => part.type === 'text')
    .map((part) => part.text)
    .join('')
}

export interface ExampleCall {
  readonly name: string
  readonly namespace?: string | undefined
  readonly input: ToolInput
}

/** A call of the tool that the choice names, else of the first one offered; undefined when none may be called. */
export function exampleCall({ tools = [], toolChoice }: LlmRequest): ExampleCall | undefined {
  if (toolChoice?.type === 'none') return undefined
  const callable = tools.flatMap((tool) => callsOf(tool))
  if (toolChoice?.type === 'named') return callable.find((call) => call.name === toolChoice.name) ?? callable[0]
  if (toolChoice?.type === 'allowed') return callable.find((call) => toolChoice.tools.includes(call.name)) ?? callable[0]
  return callable[0]
}

function callsOf(tool: ToolDefinition, namespace?: string): ExampleCall[] {
  if (tool.type === 'namespace') return tool.tools.flatMap((inner) => callsOf(inner, tool.name))
  if (tool.type === 'hosted') return []
  const { name } = tool
  const input: ToolInput =
    tool.type === 'custom' ? { kind: 'text', text: 'example input' } : { kind: 'json', value: argumentsFor(tool.parameters) }
  return [namespace === undefined ? { name, input } : { name, namespace, input }]
}

/** Arguments are an object, whatever the schema says or leaves out. */
function argumentsFor(parameters: unknown): unknown {
  const value = parameters === undefined ? {} : exampleValue(parameters)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
