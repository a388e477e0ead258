import { isObject, type JsonObject } from '../ir/json.ts'
import type { ToolInput } from '../ir/content.ts'

/** The input as text: JSON as it was written where the text is known, else serialised. */
export function toolInputText(input: ToolInput): string {
  if (input.kind === 'text') return input.text
  return input.text ?? JSON.stringify(input.value ?? {})
}

export interface ObjectInput {
  readonly value: JsonObject
  /** False when the text was no JSON object, so that it had to be wrapped. */
  readonly exact: boolean
}

/**
 * The input as the JSON object that Anthropic-shaped formats demand. Free text and broken JSON arrive as `{input: text}`,
 * a JSON value that is no object as `{value: …}`; an empty string means no arguments.
 */
export function toolInputObject(input: ToolInput): ObjectInput {
  if (input.kind === 'text') return { value: { input: input.text }, exact: false }
  if (isObject(input.value)) return { value: input.value, exact: true }
  const text = input.text ?? JSON.stringify(input.value ?? {})
  if (text.trim() === '') return { value: {}, exact: true }
  try {
    const parsed: unknown = JSON.parse(text)
    return isObject(parsed)
      ? { value: parsed, exact: true }
      : { value: parsed === null ? {} : { value: parsed }, exact: parsed === null }
  } catch {
    return { value: { input: text }, exact: false }
  }
}
