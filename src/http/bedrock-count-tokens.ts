import type { CallAddress, Codec } from '../codecs/codec.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import type { JsonLimits } from '../lib/json-limits.ts'
import { openEnvelope } from './bedrock-envelope.ts'
import { createNonce, parseBody, type ParsedBody } from './parse-body.ts'
import type { CallRoute, OpenedCall } from './serve-call.ts'

const PLACE = 'input.invokeModel.body'
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Opens bodies of `CountTokens` that hold one of `InvokeModel`, in base64; those with one of `Converse` stay as they are. */
export function countedEnvelope(anthropic: Codec, converse: Codec, limits: JsonLimits): CallRoute['open'] {
  const [counter, answering] = [anthropic.tokenCounter, converse.tokenCounter]
  const codec: Codec =
    counter === undefined || answering === undefined
      ? converse
      : { ...anthropic, tokenCounter: { ...counter, answer: (tokens) => answering.answer(tokens) } }
  return (received: ParsedBody, address: CallAddress | undefined, headers: Headers): OpenedCall => {
    const inner = invokeBodyIn(received)
    if (inner === undefined) return { parsed: received, headers }
    const parsed = parseBody(inner, limits, createNonce)
    return { ...openEnvelope(parsed, address, headers), codec }
  }
}

function invokeBodyIn({ value, body }: ParsedBody): Uint8Array | undefined {
  const input = isObject(value) ? value['input'] : undefined
  const invoked = isObject(input) ? input['invokeModel'] : undefined
  if (invoked === undefined) return undefined
  const written = isObject(invoked) ? invoked['body'] : undefined
  if (typeof written !== 'string') throw new GatewayError('invalid_body', `${PLACE}: must be a body in base64`, { param: PLACE })
  const cut = body.blobs.get(written)
  const text = cut === undefined ? written : Buffer.from(cut.buffer, cut.byteOffset, cut.length).toString('latin1')
  if (!BASE64.test(text)) throw new GatewayError('invalid_body', `${PLACE}: must be base64`, { param: PLACE })
  return Buffer.from(text, 'base64')
}
