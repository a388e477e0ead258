import type { JsonObject } from '../ir/json.ts'
import { isObject } from '../ir/json.ts'
import { asBuffer } from '../lib/as-buffer.ts'
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

/** Up to here a body is edited as text, which for small ones is cheaper than searching and joining bytes. */
const TEXT_BYTES = 16 * 1024

/** The client's own bytes with the declared edits spliced in; pieces, so that large media is never copied. */
export function passthroughBody({ bytes }: RequestBody, edits: PassthroughEdits): readonly Uint8Array[] {
  const model = JSON.stringify(edits.model)
  if (bytes.length > TEXT_BYTES) return spliceBytes(bytes, splicesOf(jsonBytes(bytes), model, edits))
  // One character a byte, so that nothing changes whatever the bytes are.
  const text = asBuffer(bytes).toString('latin1')
  return [Buffer.from(spliceText(text, splicesOf(text, latin1Of(model), edits)), 'latin1')]
}

const latin1Of = (text: string): string => Buffer.from(text).toString('latin1')

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
