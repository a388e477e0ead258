import type { JsonObject } from '../ir/json.ts'
import { isObject } from '../ir/json.ts'
import {
  jsonBytes,
  modelValues,
  spliceBytes,
  spliceText,
  topLevelValues,
  type JsonText,
  type Splice,
} from '../lib/json-splice.ts'
import { restoreBlobs } from '../lib/large-json.ts'
import type { RequestBody } from './engine.ts'

export interface PassthroughEdits {
  readonly model: string
  /** Ask a Chat upstream for a usage chunk that the client did not ask for. */
  readonly addStreamUsage: boolean
}

/**
 * The client's own body with the declared edits spliced in: as text where it is at hand, else in pieces, so that large media is never
 * copied. Searched as bytes in both cases, which is many times faster.
 */
export function passthroughBody({ bytes, text }: RequestBody, edits: PassthroughEdits): string | readonly Uint8Array[] {
  const splices = splicesOf(jsonBytes(bytes), JSON.stringify(edits.model), edits)
  return text === undefined ? spliceBytes(bytes, splices) : spliceText(text, splices)
}

function splicesOf(json: JsonText, model: string, edits: PassthroughEdits): Splice[] {
  const splices: Splice[] = []
  for (const { start, end } of modelValues(json)) splices.push({ start, end, text: model })
  if (edits.addStreamUsage) {
    splices.push(...streamUsageSplices(json))
    splices.sort((left, right) => left.start - right.start)
  }
  return splices
}

function streamUsageSplices(json: JsonText): Splice[] {
  const spans = json.indexOf('stream_options') === -1 ? [] : topLevelValues(json, ['stream_options'])
  if (spans.length === 0) {
    const start = json.indexOf('{') + 1
    return [{ start, end: start, text: '"stream_options":{"include_usage":true},' }]
  }
  return spans.map(({ start, end }) => {
    const given: unknown = JSON.parse(json.slice(start, end))
    return { start, end, text: JSON.stringify({ ...(isObject(given) ? given : {}), include_usage: true }) }
  })
}

/** A translated body as text, or as pieces when large strings have to be put back in. */
export function translatedBody(json: JsonObject, body: RequestBody): string | readonly Uint8Array[] {
  const text = JSON.stringify(json)
  return body.blobs.size === 0 ? text : restoreBlobs(text, body.blobs)
}
