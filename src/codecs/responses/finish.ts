import type { FinishReason } from '../../ir/finish.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'

/** Why an answer ended, from its status. A completed answer that calls the client's tools wants their results. */
export function decodeFinish(response: JsonObject, callsTools: boolean): FinishReason {
  const raw = typeof response['status'] === 'string' ? response['status'] : undefined
  const details = response['incomplete_details']
  if (raw === 'incomplete') {
    const reason = isObject(details) ? details['reason'] : undefined
    const unified =
      reason === 'content_filter'
        ? 'content-filter'
        : reason === 'max_output_tokens' || reason === undefined
          ? 'length'
          : 'unknown'
    return { unified, raw, details }
  }
  if (raw === 'completed' || raw === undefined) return { unified: callsTools ? 'tool-calls' : 'stop', raw }
  return { unified: 'unknown', raw }
}

/** Status fields of an answer that ended for `reason`. */
export interface EncodedStatus {
  readonly status: 'completed' | 'incomplete' | 'failed' | 'in_progress' | 'queued'
  readonly incomplete: { readonly reason: string } | null
}

export function encodeStatus(reason: FinishReason): EncodedStatus {
  switch (reason.unified) {
    case 'length':
    case 'context':
      return { status: 'incomplete', incomplete: { reason: 'max_output_tokens' } }
    case 'content-filter':
    case 'refusal':
      return { status: 'incomplete', incomplete: { reason: 'content_filter' } }
    case 'error':
      return { status: 'failed', incomplete: null }
    case 'stop':
    case 'tool-calls':
    case 'pause':
      return { status: 'completed', incomplete: null }
    case 'unknown':
      // Background answers of this format are fetched later.
      if (reason.raw === 'in_progress' || reason.raw === 'queued') return { status: reason.raw, incomplete: null }
      return { status: 'completed', incomplete: null }
  }
}
