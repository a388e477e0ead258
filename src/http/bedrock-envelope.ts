import type { CallAddress } from '../codecs/codec.ts'
import { isObject } from '../ir/json.ts'
import { withoutMembers } from '../lib/json-without-members.ts'
import type { ParsedBody } from './parse-body.ts'
import type { OpenedCall } from './serve-call.ts'

/** What the envelope says beside the Messages request in it, and what the address says in place of it. */
const ENVELOPE = ['anthropic_version', 'anthropic_beta', 'model', 'stream']

/**
 * A body of `InvokeModel` as the Messages request that it wraps: with the model and the manner that its address names, and its betas where
 * clients of Messages have them. Everything else stays as it was sent.
 */
export function openEnvelope({ value, body }: ParsedBody, address: CallAddress | undefined, sent: Headers): OpenedCall {
  if (!isObject(value) || address === undefined) return { parsed: { value, body }, headers: sent }
  const { anthropic_version: _version, anthropic_beta: betas, model: _model, stream: _stream, ...rest } = value
  const told = address.stream ? { model: address.model, stream: true } : { model: address.model }
  const bytes = withoutMembers(body.bytes, ENVELOPE)
  const start = bytes.indexOf(0x7b) + 1
  const head = Buffer.from(`${JSON.stringify(told).slice(0, -1)}${Object.keys(rest).length === 0 ? '' : ','}`)
  const parsed = {
    value: { ...told, ...rest },
    body: { bytes: Buffer.concat([head, bytes.subarray(start)]), blobs: body.blobs },
  }
  return { parsed, headers: withBetas(sent, betas) }
}

function withBetas(sent: Headers, betas: unknown): Headers {
  const named = Array.isArray(betas) ? betas.filter((beta) => typeof beta === 'string' && /^[\w.-]+$/.test(beta)) : []
  if (named.length === 0) return sent
  const headers = new Headers(sent)
  headers.append('anthropic-beta', named.join(','))
  return headers
}
