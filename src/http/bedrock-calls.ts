import type { Codec } from '../codecs/codec.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { JsonLimits } from '../lib/json-limits.ts'
import { countedEnvelope } from './bedrock-count-tokens.ts'
import { openEnvelope } from './bedrock-envelope.ts'
import { converseFraming, invokeFraming } from './bedrock-framing.ts'
import type { ModelCall } from './model-calls.ts'
import type { CallRouteName } from './routes.ts'
import type { CallRoute } from './serve-call.ts'
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
  limits: JsonLimits,
): (path: string) => ModelCall | undefined {
  const methods = methodsOf(codecs, limits)
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

function methodsOf(codecs: Readonly<Record<WireFormat, Codec>>, limits: JsonLimits): ReadonlyMap<string, BedrockMethod> {
  const { anthropic, bedrock_converse: converse } = codecs
  const invoking = (name: CallRouteName): CallRoute => ({ name, codec: anthropic, operation: 'generate', open: openEnvelope })
  const conversing = (name: CallRouteName): CallRoute => ({ name, codec: converse, operation: 'generate' })
  const counting: CallRoute = {
    name: 'countBedrockTokens',
    codec: converse,
    operation: 'count-tokens',
    open: countedEnvelope(anthropic, converse, limits),
  }
  return new Map<string, BedrockMethod>([
    ['invoke', { route: invoking('invokeModel'), stream: false }],
    ['invoke-with-response-stream', { route: invoking('invokeModelStream'), stream: true, framing: invokeFraming(codecs) }],
    ['converse', { route: conversing('converse'), stream: false }],
    ['converse-stream', { route: conversing('converseStream'), stream: true, framing: converseFraming() }],
    ['count-tokens', { route: counting, stream: false }],
  ])
}

function modelIn(written: string): string {
  try {
    return decodeURIComponent(written)
  } catch {
    return written // a stray percent sign: no model is called so, which is what the client will be told
  }
}
