import { isObject, type JsonObject } from '../../ir/json.ts'
import type { ModalityTokens, Usage } from '../../ir/usage.ts'

const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined

/**
 * Usage of an answer. The wire counts the prompt, results of the vendor's own tools, the answer and the thoughts apart; canonically
 * the first two are the input and the last two the output. Counts of zero are left out on the wire, so the total tells them.
 */
export function decodeUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined
  const prompt = count(value['promptTokenCount'])
  const tools = count(value['toolUsePromptTokenCount'])
  const answer = count(value['candidatesTokenCount'])
  const thoughts = count(value['thoughtsTokenCount'])
  const total = count(value['totalTokenCount'])
  if (prompt === undefined && answer === undefined && thoughts === undefined && total === undefined) return undefined
  const usage: Usage = { raw: value }
  const input = prompt === undefined ? undefined : prompt + (tools ?? 0)
  const output =
    answer !== undefined || thoughts !== undefined
      ? (answer ?? 0) + (thoughts ?? 0)
      : total !== undefined && input !== undefined
        ? Math.max(0, total - input)
        : undefined
  put(usage, 'inputTokens', input)
  put(usage, 'outputTokens', output)
  put(usage, 'cacheReadTokens', count(value['cachedContentTokenCount']))
  put(usage, 'reasoningTokens', thoughts)
  put(usage, 'toolPromptTokens', tools)
  put(usage, 'inputByModality', modalities(value['promptTokensDetails'], value['toolUsePromptTokensDetails']))
  put(usage, 'outputByModality', modalities(value['candidatesTokensDetails']))
  return usage
}

/** Usage as clients of this format expect it. Counts nobody told are left out, as those of zero are. */
export function encodeUsage(usage: Usage): JsonObject {
  const encoded: JsonObject = {}
  const { inputTokens, outputTokens, toolPromptTokens = 0, reasoningTokens = 0 } = usage
  if (inputTokens !== undefined) encoded['promptTokenCount'] = Math.max(0, inputTokens - toolPromptTokens)
  if (usage.cacheReadTokens !== undefined) encoded['cachedContentTokenCount'] = usage.cacheReadTokens
  if (outputTokens !== undefined) encoded['candidatesTokenCount'] = Math.max(0, outputTokens - reasoningTokens)
  if (usage.toolPromptTokens !== undefined) encoded['toolUsePromptTokenCount'] = usage.toolPromptTokens
  if (usage.reasoningTokens !== undefined) encoded['thoughtsTokenCount'] = usage.reasoningTokens
  if (inputTokens !== undefined || outputTokens !== undefined)
    encoded['totalTokenCount'] = (inputTokens ?? 0) + Math.max(outputTokens ?? 0, reasoningTokens)
  const prompt = modalityList(usage.inputByModality)
  if (prompt !== undefined) encoded['promptTokensDetails'] = prompt
  const answer = modalityList(usage.outputByModality)
  if (answer !== undefined) encoded['candidatesTokensDetails'] = answer
  return encoded
}

const MODALITIES: Readonly<Record<string, keyof ModalityTokens>> = {
  TEXT: 'text',
  IMAGE: 'image',
  AUDIO: 'audio',
  VIDEO: 'video',
  DOCUMENT: 'document',
}

function modalities(list: unknown, more?: unknown): ModalityTokens | undefined {
  if (list === undefined && more === undefined) return undefined
  let tokens: ModalityTokens | undefined
  for (const entry of [list, more].flat()) {
    if (!isObject(entry) || typeof entry['modality'] !== 'string' || !Object.hasOwn(MODALITIES, entry['modality'])) continue
    const kind = MODALITIES[entry['modality']]
    const number = count(entry['tokenCount'])
    if (kind === undefined || number === undefined) continue
    tokens ??= {}
    tokens[kind] = (tokens[kind] ?? 0) + number
  }
  return tokens
}

function modalityList(tokens: ModalityTokens | undefined): JsonObject[] | undefined {
  if (tokens === undefined) return undefined
  return Object.entries(MODALITIES).flatMap(([modality, kind]) =>
    tokens[kind] === undefined ? [] : [{ modality, tokenCount: tokens[kind] }],
  )
}

function put<Key extends keyof Usage>(usage: Usage, key: Key, value: Usage[Key]): void {
  if (value !== undefined) usage[key] = value
}
