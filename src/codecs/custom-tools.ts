import { isObject } from '../ir/json.ts'
import type { CustomTool, FunctionTool } from '../ir/tool.ts'

/** Name of the one parameter of an emulated custom tool. */
const INPUT = 'input'

/**
 * A free-form tool as a function with one string parameter, for targets that know no custom tools. A grammar cannot be
 * enforced there; it is told in the description. The call comes back through `customInputOf`.
 */
export function emulatedCustomTool(tool: CustomTool): FunctionTool {
  const { type: _type, format, extra: _extra, ...shared } = tool
  const grammar = grammarText(format)
  return {
    ...shared,
    type: 'function',
    ...(grammar === undefined
      ? {}
      : { description: tool.description === undefined ? grammar : `${tool.description}\n\n${grammar}` }),
    parameters: {
      type: 'object',
      properties: { [INPUT]: { type: 'string', description: 'The whole free-form input of the tool.' } },
      required: [INPUT],
      additionalProperties: false,
    },
  }
}

/** Arguments under which a free-form call is sent to a target that has the emulated tool. */
export function emulatedCustomArguments(input: string): string {
  return JSON.stringify({ [INPUT]: input })
}

/** The free-form input inside the arguments of an emulated call. A model that ignored the schema is taken at its word. */
export function customInputOf(argumentsText: string): string {
  try {
    const parsed: unknown = JSON.parse(argumentsText)
    if (typeof parsed === 'string') return parsed
    if (isObject(parsed) && typeof parsed[INPUT] === 'string') return parsed[INPUT]
    return argumentsText
  } catch {
    return argumentsText // not JSON: the model wrote the input bare
  }
}

function grammarText(format: Record<string, unknown> | undefined): string | undefined {
  if (format?.['type'] !== 'grammar') return undefined
  // Responses keeps syntax and definition flat, Chat nests them under `grammar`.
  const grammar = isObject(format['grammar']) ? format['grammar'] : format
  if (typeof grammar['definition'] !== 'string') return undefined
  const syntax = typeof grammar['syntax'] === 'string' ? `${grammar['syntax']} ` : ''
  return `The input must match this ${syntax}grammar:\n${grammar['definition']}`
}
