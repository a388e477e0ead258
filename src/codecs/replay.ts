import type { ContentPart } from '../ir/content.ts'
import type { LlmResponse } from '../ir/response.ts'
import type { Emit } from '../ir/stream-event.ts'
import { toolInputText } from './tool-input.ts'

/** A whole answer as the stream of events it would have been; the inverse of `ResponseCollector`. */
export function replayResponse(response: LlmResponse, emit: Emit): void {
  emit({ type: 'response-start', id: response.id, model: response.model, createdAt: response.createdAt })
  if (response.extra !== undefined) emit({ type: 'metadata', format: response.extra.format, fields: response.extra.fields })
  let block = 0
  for (const { index, content } of response.choices) for (const part of content) replayPart(part, block++, index, emit)
  if (response.usage !== undefined) emit({ type: 'usage', usage: response.usage })
  for (const { index, finish } of response.choices) emit({ type: 'finish', choice: index, reason: finish })
  emit({ type: 'end' })
}

function replayPart(part: ContentPart, block: number, choice: number, emit: Emit): void {
  switch (part.type) {
    case 'text':
      emit({ type: 'text-start', block, choice, id: part.id, phase: part.phase })
      if (part.text !== '') emit({ type: 'text-delta', block, text: part.text, logprobs: part.logprobs?.value })
      for (const citation of part.citations ?? []) emit({ type: 'citation', block, citation })
      emit({ type: 'text-end', block })
      return
    case 'refusal':
      emit({ type: 'refusal-start', block, choice })
      emit({ type: 'refusal-delta', block, text: part.text })
      emit({ type: 'refusal-end', block })
      return
    case 'reasoning':
      emit({ type: 'reasoning-start', block, choice, id: part.id })
      part.summary?.forEach((text, index) => emit({ type: 'reasoning-delta', block, text, form: 'summary', part: index }))
      if (part.text !== undefined && part.text !== '') emit({ type: 'reasoning-delta', block, text: part.text, form: 'text' })
      if (part.origin !== undefined) {
        const { origin, signature, redacted, encrypted, details, callId } = part
        emit({ type: 'reasoning-state', block, origin, signature, redacted, encrypted, details, callId })
      }
      emit({ type: 'reasoning-end', block })
      return
    case 'tool-call': {
      const { id, name, input, namespace, itemId, caller, signature } = part
      emit({ type: 'tool-call-start', block, choice, id, name, kind: input.kind, namespace, itemId, caller, signature })
      emit({ type: 'tool-call-delta', block, text: toolInputText(input) })
      emit({ type: 'tool-call-end', block })
      return
    }
    default:
      emit({ type: 'part', block, choice, part })
  }
}
