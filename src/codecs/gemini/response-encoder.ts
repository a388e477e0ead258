import type { Translated } from '../../ir/diagnostic.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmResponse } from '../../ir/response.ts'
import type { ClientContext } from '../codec.ts'
import { replayResponse } from '../replay.ts'
import { AnswerWriter, type WholeContent, type WritePart } from './answer-writer.ts'
import { encodeLogprobs } from './logprobs.ts'

/** Canonical answer → an answer as clients of this format expect it: what a stream would have shown, in one piece. */
export function encodeResponse(response: LlmResponse, context: ClientContext): Translated<JsonObject> {
  const writer = new AnswerWriter(context)
  const candidates = new Map<number, Gathered>()
  const add: WritePart = (choice, part, logprobs) => {
    let gathered = candidates.get(choice)
    if (gathered === undefined) candidates.set(choice, (gathered = { parts: [], tokens: [] }))
    addPart(gathered.parts, part)
    if (Array.isArray(logprobs)) for (const token of logprobs as unknown[]) gathered.tokens.push(token)
  }
  replayResponse(response, (event) => writer.write(event, add))
  writer.closeBlocks(add)
  return { value: writer.whole((choice) => wholeContent(candidates.get(choice))), diagnostics: writer.report.diagnostics }
}

interface Gathered {
  readonly parts: JsonObject[]
  readonly tokens: unknown[]
}

/** A signature stands at the text it belongs to, where there is one. */
function addPart(parts: JsonObject[], part: JsonObject): void {
  const last = parts.at(-1)
  const isSignature = part['text'] === '' && part['thoughtSignature'] !== undefined
  const isSameKind = last !== undefined && typeof last['text'] === 'string' && last['thought'] === part['thought']
  if (isSignature && isSameKind && last['thoughtSignature'] === undefined) last['thoughtSignature'] = part['thoughtSignature']
  else parts.push({ ...part })
}

function wholeContent(gathered: Gathered | undefined): WholeContent {
  const logprobsResult = encodeLogprobs(gathered?.tokens)
  return { parts: gathered?.parts ?? [], beside: logprobsResult === undefined ? {} : { logprobsResult } }
}
