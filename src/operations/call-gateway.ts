import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import type { Secret } from '../lib/secret.ts'

/** A running gateway and the key to talk to it. */
export interface GatewayAddress {
  /** Base URL, with the base path if there is one. */
  readonly url: string
  readonly apiKey: Secret | undefined
  readonly fetch: typeof globalThis.fetch
}

export interface GatewayQuestion {
  readonly path: string
  /** JSON text to post; a GET without it. */
  readonly body?: string | undefined
  /** It is answered without a key, so another key is no remedy. */
  readonly isPublic?: true
}

export interface GatewayReply {
  readonly status: number
  readonly body: unknown
}

/** Asks a running gateway. Throws a `GatewayError` that says what to do when it cannot be reached or refuses. */
export async function callGateway(gateway: GatewayAddress, question: GatewayQuestion): Promise<GatewayReply> {
  const url = `${gateway.url.replace(/\/+$/, '')}${question.path}`
  const headers: Record<string, string> = { accept: 'application/json' }
  if (gateway.apiKey !== undefined) headers['authorization'] = `Bearer ${gateway.apiKey.reveal()}`
  if (question.body !== undefined) headers['content-type'] = 'application/json'
  const response = await reach(gateway, url, {
    headers,
    ...(question.body === undefined ? {} : { method: 'POST', body: question.body }),
  })
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return { status: response.status, body }
  throw refusal(gateway, question, { status: response.status, body })
}

async function reach(gateway: GatewayAddress, url: string, init: RequestInit): Promise<Response> {
  try {
    return await gateway.fetch(url, init)
  } catch (cause) {
    throw new GatewayError(
      'upstream_connect_failed',
      `No gateway answers at ${gateway.url}. Is it running? Start one with "switchback serve", or correct --url.`,
      { cause },
    )
  }
}

function refusal(gateway: GatewayAddress, { isPublic }: GatewayQuestion, { status, body }: GatewayReply): GatewayError {
  const error = isObject(body) && isObject(body['error']) ? body['error'] : {}
  const message = typeof error['message'] === 'string' ? error['message'] : `status ${status}`
  if (status === 401 || status === 403) {
    return new GatewayError(
      'invalid_api_key',
      `The gateway at ${gateway.url} refused: ${message}${isPublic === true ? '' : ' Set SWITCHBACK_API_KEY to one of its keys that may do this.'}`,
    )
  }
  const known = TOLD_AS_THEY_ARE.find((code) => code === error['code'])
  if (known !== undefined)
    return new GatewayError(known, message, isObject(error['details']) ? { details: error['details'] } : {})
  if (status === 404) return new GatewayError('record_not_found', message)
  if (status === 409) return new GatewayError('tenancy_conflict', message)
  if (status === 400) return new GatewayError('invalid_body', message)
  return new GatewayError('upstream_other', `The gateway at ${gateway.url} answered with ${status}: ${message}`)
}

const TOLD_AS_THEY_ARE = [
  'model_not_found',
  'subject_not_found',
  'tenancy_not_found',
  'route_not_found',
  'revision_not_found',
  'revision_conflict',
  'revision_refused',
] as const
