import type { Deadlines } from '../lib/deadlines.ts'
import { AccessControl } from './access-control.ts'
import { createBedrockCalls } from './bedrock-calls.ts'
import { ColdRoutes } from './cold-routes.ts'
import { Cors } from './cors.ts'
import type { ExchangeLog } from './exchange-log.ts'
import type { FailedAttempts } from './failed-attempts.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import type { LiveStreams } from './live-streams.ts'
import type { RefusalAudit } from './refusal-audit.ts'
import { Responder } from './responder.ts'
import { createModelCalls, type ModelCall } from './model-calls.ts'
import { ROUTES } from './routes.ts'
import { CallServer, type CallRoute } from './serve-call.ts'

/** What outlives a change of the settings. */
export interface IngressState {
  readonly log: ExchangeLog
  readonly streams: LiveStreams
  readonly deadlines: Deadlines
  readonly failures: FailedAttempts
  readonly audit: RefusalAudit | undefined
  isDraining: boolean
}

/**
 * What the server's settings decide: who may call, from where, under which paths and how much. Built anew for each configuration; a
 * request ends with the one it began with.
 */
export interface Ingress {
  readonly responder: Responder
  readonly calls: CallServer
  readonly cold: ColdRoutes
  /** Model calls by their full path. */
  readonly callRoutes: ReadonlyMap<string, CallRoute>
  /** A model call whose path names the model. */
  readonly modelCall: (path: string, url: string) => ModelCall | undefined
}

export function createIngress(options: HttpAppOptions, state: IngressState): Ingress {
  const { settings, codecs, clock, engine, isTrustedProxy, buffers } = options
  const { log, streams, deadlines, failures, audit } = state
  const cors = new Cors(settings)
  const responder = new Responder({ codecs, cors, log, streams })
  const access = new AccessControl({ settings, isTrustedProxy, failures, issuedKeys: options.issuedKeys, audit })
  const calls = new CallServer({
    engine,
    singleFlight: options.singleFlight,
    settings,
    access,
    responder,
    clock,
    deadlines,
    buffers,
  })
  const cold = new ColdRoutes({ ...options, access, responder, calls, cors, deadlines, isDraining: () => state.isDraining })
  const callRoutes = new Map(
    callRoutesOf(codecs).map((route): [string, CallRoute] => [`${settings.basePath}${ROUTES[route.name].path}`, route]),
  )
  const googleCall = createModelCalls(codecs.gemini, settings.basePath)
  const limits = { maxDepth: settings.maxJsonDepth, maxNodes: settings.maxJsonNodes }
  const bedrockCall = createBedrockCalls(codecs, settings.basePath, limits)
  return { responder, calls, cold, callRoutes, modelCall: (path, url) => googleCall(path, url) ?? bedrockCall(path) }
}

function callRoutesOf(codecs: HttpAppOptions['codecs']): CallRoute[] {
  return [
    { name: 'chatCompletions', codec: codecs.openai, operation: 'generate' },
    { name: 'responses', codec: codecs.responses, operation: 'generate' },
    { name: 'messages', codec: codecs.anthropic, operation: 'generate' },
    { name: 'countTokens', codec: codecs.anthropic, operation: 'count-tokens' },
  ]
}
