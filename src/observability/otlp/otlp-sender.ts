import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Secret } from '../../lib/secret.ts'
import type { EgressPath } from '../../transport/egress.settings.schema.ts'
import { limitedText } from '../../transport/limited-text.ts'
import type { Transport } from '../../transport/transport.ts'

export interface OtlpSenderOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, Secret>>
  readonly egress: EgressPath
  readonly timeoutMs: number
  readonly transport: Pick<Transport, 'send'>
  readonly clock: Clock
}

/** What became of an export. */
export type OtlpOutcome =
  | { readonly kind: 'taken'; readonly rejected: number }
  /** The same may be taken later. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs?: number | undefined }
  /** It will never be taken. */
  | { readonly kind: 'refused'; readonly reason: string }

/** Statuses after which the protocol tells to try again. */
const PASSING_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504])
const LONGEST_REPLY = 65_536

/** Sends OTLP over HTTP in its JSON form. */
export class OtlpSender {
  private readonly options: OtlpSenderOptions

  constructor(options: OtlpSenderOptions) {
    this.options = options
  }

  /** Never rejects, and is over within the time limit. */
  async send(body: string): Promise<OtlpOutcome> {
    const { url, headers, egress, timeoutMs, transport, clock } = this.options
    const sending = new AbortController()
    const waiting = new AbortController()
    const late = clock.sleep(timeoutMs, waiting.signal).then(
      () => sending.abort(),
      () => undefined,
    )
    try {
      const response = await transport.send({
        url,
        method: 'POST',
        headers: { ...revealed(headers), 'content-type': 'application/json' },
        body,
        egress,
        signal: sending.signal,
      })
      const reply = await limitedText(response, LONGEST_REPLY)
      if (response.ok) return { kind: 'taken', rejected: rejectedIn(reply) }
      const reason = `status ${response.status}`
      return PASSING_STATUS.has(response.status)
        ? { kind: 'unavailable', reason, retryAfterMs: retryAfterOf(response.headers) }
        : { kind: 'refused', reason }
    } catch (error) {
      const reason = sending.signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error)
      return { kind: 'unavailable', reason }
    } finally {
      waiting.abort()
      await late
    }
  }
}

const revealed = (headers: Readonly<Record<string, Secret>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value.reveal()]))

/** What the collector took nothing of, although it answered that all is well. */
function rejectedIn(reply: string): number {
  if (!reply.includes('partialSuccess')) return 0
  try {
    const { partialSuccess } = JSON.parse(reply) as { partialSuccess?: { rejectedSpans?: unknown; rejectedDataPoints?: unknown } }
    return Number(partialSuccess?.rejectedSpans ?? partialSuccess?.rejectedDataPoints ?? 0) || 0
  } catch {
    // It was taken; what else the collector has to say is not needed.
    return 0
  }
}

function retryAfterOf(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

/** A code: messages of the transport may quote addresses. */
const reasonOf = (error: unknown): string => (error instanceof GatewayError ? error.code : 'upstream_connect_failed')
