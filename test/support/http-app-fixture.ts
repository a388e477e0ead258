import type { Codec } from '../../src/codecs/codec.ts'
import type { Answer, AnswerStream, Call, Engine, RefusedBody } from '../../src/engine/engine.ts'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { createHttpApp } from '../../src/http/http-app.ts'
import type { HttpApp, HttpAppOptions } from '../../src/http/http-app.types.ts'
import type { ApiKeySettings, ServerSettings } from '../../src/http/server.settings.schema.ts'
import type { RouteDecision } from '../../src/ir/decision.ts'
import { asApiKeyId, asRequestId, asTenantId } from '../../src/ir/ids.ts'
import { isObject } from '../../src/ir/json.ts'
import type { PrincipalRole } from '../../src/ir/principal.ts'
import type { RoutingSnapshot } from '../../src/ir/snapshot.ts'
import type { WireFormat } from '../../src/ir/wire-format.ts'
import { ByteBudget } from '../../src/lib/byte-budget.ts'
import { ManualClock } from './manual-clock.ts'

const unused = (): never => {
  throw new Error('this fake does not do that')
}

/** A codec that takes any object with a `model` and shows errors as `{format, code, message, param, request_id}`. */
function fakeCodec(format: WireFormat): Codec {
  return {
    format,
    decodeRequest(body, address) {
      const model = address?.model ?? (isObject(body) ? body['model'] : undefined)
      if (!isObject(body) || typeof model !== 'string')
        throw new GatewayError('invalid_body', 'A model must be named.', { param: 'model' })
      const stream = address?.stream ?? body['stream'] === true
      return { value: { model, messages: [], sampling: {}, stream }, diagnostics: [] }
    },
    encodeError: (error, requestId) => ({
      status: error.httpStatus,
      body: { format, code: error.code, message: error.message, param: error.param, request_id: requestId },
    }),
    encodeRequest: unused,
    decodeResponse: unused,
    encodeResponse: unused,
    createStreamDecoder: unused,
    createStreamEncoder: unused,
    decodeError: unused,
    inspectFrame: unused,
    inspectResponse: unused,
    passthrough: { inspect: [], modelFrames: [] },
    ping: ': ping\n\n',
  }
}

const fakeCodecs: Readonly<Record<WireFormat, Codec>> = {
  openai: fakeCodec('openai'),
  responses: fakeCodec('responses'),
  anthropic: fakeCodec('anthropic'),
  gemini: fakeCodec('gemini'),
  bedrock_converse: fakeCodec('bedrock_converse'),
}

/** An engine that answers as told and remembers what it was asked. */
export class FakeEngine implements Engine {
  readonly calls: Call[] = []
  readonly counted: Call[] = []
  readonly refused: RefusedBody[] = []
  active = 0
  answer: (call: Call) => Answer | Promise<Answer> = () => ({ kind: 'whole', status: 200, headers: [], body: '{"served":true}' })

  async generate(call: Call): Promise<Answer> {
    this.calls.push(call)
    return this.answer(call)
  }

  async countTokens(call: Call): Promise<Answer> {
    this.counted.push(call)
    return { kind: 'whole', status: 200, headers: [], body: '{"input_tokens":7}' }
  }

  replay(_call: Call, body: Uint8Array): Answer {
    return { kind: 'whole', status: 200, headers: [], body }
  }

  refuse(call: RefusedBody): void {
    this.refused.push(call)
  }

  async preview(call: Pick<Call, 'requestId' | 'codec' | 'request'>): Promise<RouteDecision> {
    const { model, stream } = call.request
    return {
      schema: 'switchback.decision/v1',
      request_id: call.requestId,
      route: model,
      strategy: 'ordered_fallback',
      selected: { target_id: `mock/${model}` },
      fallbacks: [],
      rejected: [],
      reason: [],
      unverified: false,
      scores: [],
      inputs: {
        model,
        stream,
        tools: false,
        json_schema: false,
        vision: false,
        audio: false,
        file: false,
        client_format: call.codec.format,
        estimated_input_tokens: 1,
        features: [],
      },
    }
  }
}

/** A stream whose chunks the test delivers one by one. */
export class FakeStream implements AnswerStream {
  readonly ping = new TextEncoder().encode(': ping\n\n')
  readonly pingMs: number
  cancelled = 0
  pulls = 0
  private readonly ready: (Uint8Array | undefined)[] = []
  private waiting: ((chunk: Uint8Array | undefined) => void) | undefined = undefined

  constructor(pingMs = 15_000) {
    this.pingMs = pingMs
  }

  next(): Promise<Uint8Array | undefined> {
    this.pulls++
    if (this.ready.length > 0) return Promise.resolve(this.ready.shift())
    return new Promise((resolve) => (this.waiting = resolve))
  }

  cancel(): void {
    this.cancelled++
    this.deliver(undefined)
  }

  send(text: string): void {
    this.deliver(new TextEncoder().encode(text))
  }

  end(): void {
    this.deliver(undefined)
  }

  private deliver(chunk: Uint8Array | undefined): void {
    const { waiting } = this
    this.waiting = undefined
    if (waiting === undefined) this.ready.push(chunk)
    else waiting(chunk)
  }
}

export const fakeSettings: ServerSettings = {
  host: '127.0.0.1',
  port: 0,
  egressEnabled: true,
  apiKeys: [],
  allowOpenAdmin: false,
  maxRequestBytes: 64 * 1024 * 1024,
  maxResponseBytes: undefined,
  maxBufferedBytes: undefined,
  maxJsonDepth: 200,
  maxJsonNodes: 1_000_000,
  stream: { commitAfterMs: 15_000, pingMs: 15_000, holdBytes: 262_144 },
  workers: 1,
  drainMs: 1_000,
  trustedProxies: [],
  publicUrl: undefined,
  basePath: '',
  tls: undefined,
  corsOrigins: [],
  idempotency: { leaseMs: 600_000, ttlMs: 86_400_000, maxKeys: 1_000, keepsAnswers: false },
}

/** Settings of an accepted key. */
export function fakeKey(key: string, role: PrincipalRole = 'client', tenant?: string): ApiKeySettings {
  const sha256 = new Bun.CryptoHasher('sha256').update(key).digest('hex')
  return {
    id: asApiKeyId(`key_${sha256.slice(0, 8)}`),
    role,
    tenant: tenant === undefined ? undefined : asTenantId(tenant),
    project: undefined,
    sha256,
  }
}

export interface HttpAppFixture {
  readonly app: HttpApp
  readonly engine: FakeEngine
  readonly clock: ManualClock
}

/** An app over a fake engine with two models. Parts of the settings and options may be replaced. */
export function createFixture(
  settings: Partial<ServerSettings> = {},
  options: Partial<Omit<HttpAppOptions, 'engine'>> = {},
): HttpAppFixture {
  const engine = new FakeEngine()
  const clock = new ManualClock()
  let count = 0
  const snapshot = {
    revision: 3,
    configHash: 'sha256:0',
    routes: new Map(),
    modelIds: ['mock/echo', 'fast'],
  } as unknown as RoutingSnapshot
  const app = createHttpApp({
    engine,
    codecs: fakeCodecs,
    snapshot: () => snapshot,
    settings: { ...fakeSettings, ...settings },
    records: { list: async () => [], get: async () => undefined },
    isTrustedProxy: () => false,
    clock,
    buffers: new ByteBudget(settings.maxBufferedBytes),
    version: '9.9.9',
    generateId: () => asRequestId(`req_${String(++count).padStart(32, '0')}`),
    ...options,
  })
  return { app, engine, clock }
}

/** A request to the gateway as most clients send one. */
export function request(path: string, init: RequestInit & { readonly json?: unknown } = {}): Request {
  const { json, ...rest } = init
  const headers = new Headers(init.headers)
  if (!headers.has('host')) headers.set('host', 'localhost:8765')
  if (json === undefined) return new Request(`http://localhost:8765${path}`, { ...rest, headers })
  if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  return new Request(`http://localhost:8765${path}`, { method: 'POST', ...rest, headers, body: JSON.stringify(json) })
}
