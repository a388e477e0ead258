import { isObject } from '../ir/json.ts'
import type { ModalityTokens, Usage } from '../ir/usage.ts'

/** What OpenAI's images and transcriptions tell of tokens: the names of Responses, with the kinds of content apart. */
export function decodeMediaUsage(body: unknown): Usage | undefined {
  const usage = isObject(body) ? body['usage'] : undefined
  if (!isObject(usage)) return undefined
  const input = count(usage['input_tokens'])
  const output = count(usage['output_tokens'])
  if (input === undefined || output === undefined) return undefined
  const decoded: Usage = { inputTokens: input, outputTokens: output, raw: usage }
  const inputs = kinds(usage['input_tokens_details'] ?? usage['input_token_details'])
  const outputs = kinds(usage['output_tokens_details'])
  if (inputs !== undefined) decoded.inputByModality = inputs
  if (outputs !== undefined) decoded.outputByModality = outputs
  return decoded
}

function kinds(details: unknown): ModalityTokens | undefined {
  if (!isObject(details)) return undefined
  const tokens: ModalityTokens = {}
  for (const kind of ['text', 'image', 'audio'] as const) {
    const number = count(details[`${kind}_tokens`])
    if (number !== undefined) tokens[kind] = number
  }
  return Object.keys(tokens).length === 0 ? undefined : tokens
}

const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
