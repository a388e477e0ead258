import type { CallAddress, Codec } from '../codecs/codec.ts'
import { isObject } from '../ir/json.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { withoutMembers } from '../lib/json-without-members.ts'
import { converseFraming, invokeFraming } from './bedrock-framing.ts'
import type { ModelCall } from './model-calls.ts'
import type { ParsedBody } from './parse-body.ts'
import type { CallRouteName } from './routes.ts'
import type { CallRoute, OpenedCall } from './serve-call.ts'
import type { StreamFraming } from './stream-framing.ts'

interface BedrockMethod {
  readonly route: CallRoute
  readonly stream: boolean
  readonly framing?: StreamFraming
}

/** Ids hold colons, and ARNs slashes; both may be written with percent signs. */
const CALL = /^\/model\/(.+)\/([a-z-]+)$/

/** Reads calls of Bedrock's runtime below `basePath`; undefined for every other path. */
export function createBedrockCalls(
  codecs: Readonly<Record<WireFormat, Codec>>,
  basePath: string,
): (path: string) => ModelCall | undefined {
  const methods = methodsOf(codecs)
  const prefix = `${basePath}/model/`
  return (path) => {
    if (!path.startsWith(prefix)) return undefined
    const [, written, name] = CALL.exec(path.slice(basePath.length)) ?? []
    if (written === undefined || name === undefined) return undefined
    const method = methods.get(name)
    if (method === undefined) return undefined
    const { route, stream, framing } = method
    return { route, address: { model: modelIn(written), stream }, framing, format: 'bedrock_converse' }
  }
}

function methodsOf(codecs: Readonly<Record<WireFormat, Codec>>): ReadonlyMap<string, BedrockMethod> {
  const { anthropic, bedrock_converse: converse } = codecs
  const invoking = (name: CallRouteName): CallRoute => ({ name, codec: anthropic, operation: 'generate', open: openEnvelope })
  const conversing = (name: CallRouteName): CallRoute => ({ name, codec: converse, operation: 'generate' })
  return new Map<string, BedrockMethod>([
    ['invoke', { route: invoking('invokeModel'), stream: false }],
    ['invoke-with-response-stream', { route: invoking('invokeModelStream'), stream: true, framing: invokeFraming(codecs) }],
    ['converse', { route: conversing('converse'), stream: false }],
    ['converse-stream', { route: conversing('converseStream'), stream: true, framing: converseFraming() }],
    ['count-tokens', { route: { name: 'countBedrockTokens', codec: converse, operation: 'count-tokens' }, stream: false }],
  ])
}

function modelIn(written: string): string {
  try {
    return decodeURIComponent(written)
  } catch {
    return written // a stray percent sign: no model is called so, which is what the client will be told
  }
}

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
