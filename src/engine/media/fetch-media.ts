import type { MediaKind } from '../../catalog/media-addresses.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { ByteHold } from '../../lib/byte-budget.ts'
import type { Clock } from '../../lib/clock.ts'
import { discardBody } from '../../transport/discard-body.ts'
import type { Transport } from '../../transport/transport.ts'
import { memoryFull } from '../read-text.ts'
import type { MediaSettings } from './media.schema.ts'
import { mediaTypeOf } from './media-type.ts'

export interface FetchedMedia {
  readonly mediaType: string
  readonly bytes: Buffer
}

export interface FetchMediaOptions {
  readonly transport: Pick<Transport, 'send'>
  readonly clock: Pick<Clock, 'sleep'>
  readonly settings: MediaSettings
  readonly userAgent: string
  /** What the file holds in memory. */
  readonly hold: ByteHold
  /** Ends it with the call. */
  readonly signal: AbortSignal
}

/**
 * Gets a file from an address that a client named: without credentials, over the guarded way of `settings`, within its size and time. Rejects
 * with `media_unavailable`, whose message says why and repeats nothing of the address.
 */
export async function fetchMedia(kind: MediaKind, url: string, options: FetchMediaOptions): Promise<FetchedMedia> {
  const { settings, clock, transport, userAgent } = options
  const host = URL.parse(url)?.hostname.toLowerCase() ?? ''
  if (!isAllowed(host, settings.hosts)) throw unavailable('its host is not one of server.media.hosts')
  const done = new AbortController()
  const late = new AbortController()
  const timer = clock.sleep(settings.timeoutMs, done.signal).then(
    () => late.abort(),
    () => undefined, // it was there in time
  )
  try {
    const response = await transport.send({
      url,
      method: 'GET',
      headers: { accept: '*/*', 'user-agent': userAgent },
      body: undefined,
      signal: AbortSignal.any([options.signal, late.signal]),
      egress: settings.egress,
    })
    if (!response.ok) {
      discardBody(response)
      throw unavailable(`its server answered with status ${response.status}`)
    }
    const bytes = await readBytes(response, options)
    const mediaType = mediaTypeOf(kind, response.headers.get('content-type'), bytes)
    if (mediaType === undefined) throw unavailable(`what lies there is no ${kind}`)
    return { mediaType, bytes }
  } catch (error) {
    if (options.signal.aborted) throw error
    if (late.signal.aborted) throw unavailable(`it did not come within ${settings.timeoutMs} ms (server.media.timeout_ms)`)
    throw error instanceof GatewayError ? reasoned(error) : unavailable('its server broke off')
  } finally {
    done.abort()
    await timer
  }
}

async function readBytes(response: Response, { settings, hold }: FetchMediaOptions): Promise<Buffer> {
  const tooLarge = (): GatewayError => unavailable(`it is larger than ${settings.maxBytes} bytes (server.media.max_bytes)`)
  if (Number(response.headers.get('content-length') ?? 0) > settings.maxBytes) {
    discardBody(response)
    throw tooLarge()
  }
  const pieces: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  try {
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
      length += next.value.length
      if (length > settings.maxBytes) throw tooLarge()
      if (!hold.grow(next.value.length)) throw memoryFull()
      pieces.push(next.value)
    }
  } catch (error) {
    reader?.cancel().catch(() => undefined) // nothing more is wanted
    throw error
  }
  return Buffer.concat(pieces, length)
}

function isAllowed(host: string, patterns: readonly string[]): boolean {
  if (patterns.length === 0) return true
  return patterns.some((pattern) => (pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern))
}

/** Faults of the way there, told as faults of the address: where it leads is the client's choice. */
function reasoned(error: GatewayError): GatewayError {
  switch (error.code) {
    case 'media_unavailable':
    case 'gateway_overloaded':
    case 'egress_disabled':
      return error
    case 'address_not_allowed':
      return unavailable('its address is not on the public internet')
    default: {
      const { reason } = error.details ?? {}
      const redirect =
        reason === 'redirect' ? 'it leads somewhere else, which is not followed: name the final address' : undefined
      return unavailable(redirect ?? 'its server could not be reached')
    }
  }
}

const unavailable = (why: string): GatewayError =>
  new GatewayError('media_unavailable', why, { details: { reason: 'media', sent: false } })
