import type { CallAddress, Codec } from '../codecs/codec.ts'
import { isGoogleMethod, type GoogleMethod } from './google-path.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { CallRoute } from './serve-call.ts'
import { JSON_LIST, type StreamFraming } from './stream-framing.ts'

/** A call that names its model in its path, as the APIs of Google and of Bedrock have it. */
export interface ModelCall {
  readonly route: CallRoute
  readonly address: CallAddress
  /** How a stream goes out where it is not one of events. */
  readonly framing: StreamFraming | undefined
  /** In whose words errors are told; undefined: in those of the route's codec. */
  readonly format?: WireFormat | undefined
}

/** Versions of Google's API under which the same is found. */
const CALL = /^\/(?:v1beta|v1alpha|v1)\/models\/(.+):(\w+)$/
const OTHER_VERSION = /^\/v1alpha(?=\/models(?:\/|$))/

/** Reads calls below `basePath`; undefined for every other path. */
export function createModelCalls(codec: Codec, basePath: string): (path: string, url: string) => ModelCall | undefined {
  const routes: Readonly<Partial<Record<GoogleMethod, CallRoute>>> = {
    generateContent: { name: 'generateContent', codec, operation: 'generate' },
    streamGenerateContent: { name: 'streamGenerateContent', codec, operation: 'generate' },
    countTokens: { name: 'countModelTokens', codec, operation: 'count-tokens' },
  }
  return (path, url) => {
    if (!path.startsWith(basePath)) return undefined
    const [, model, method] = CALL.exec(path.slice(basePath.length)) ?? []
    const route = method !== undefined && isGoogleMethod(method) ? routes[method] : undefined
    if (model === undefined || route === undefined) return undefined
    const stream = method === 'streamGenerateContent'
    // A stream comes as one JSON list unless the client asks for events.
    const framing = stream && !wantsEvents(url) ? JSON_LIST : undefined
    return { route, address: { model: modelNamed(model), stream }, framing }
  }
}

/** The name in a path: with or without percent signs, and with or without the collection it stands in. */
export function modelNamed(written: string): string {
  const name = decoded(written)
  return name.startsWith('models/') ? name.slice('models/'.length) : name
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a stray percent sign: no model is called so, which is what the client will be told
  }
}

function wantsEvents(url: string): boolean {
  const query = url.indexOf('?')
  return query !== -1 && new URLSearchParams(url.slice(query)).get('alt')?.toLowerCase() === 'sse'
}

/** Whether a path below the base path is that of a call, which is sent and not fetched. */
export function isCallPath(path: string): boolean {
  const method = CALL.exec(path)?.[2]
  return method !== undefined && isGoogleMethod(method)
}

/** A path below the base path, under the one version of Google's API that the table of routes has. */
export function canonicalPath(path: string): string {
  if (isCallPath(path)) return path.replace(/^\/\w+/, '/v1beta')
  return path.replace(OTHER_VERSION, '/v1beta')
}
