import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { discardBody } from '../../transport/discard-body.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Logger } from '../logger.ts'
import type { Notice } from './alert.ts'
import type { Webhook } from './alerts.schema.ts'
import { webhookPayload, type GatewayIdentity } from './webhook-payload.ts'

export interface WebhookDeliveryOptions {
  readonly webhook: Webhook
  readonly transport: Pick<Transport, 'send'>
  readonly clock: Clock
  readonly logger: Logger
  readonly identity: () => GatewayIdentity
}

/** What became of one message. */
export interface Delivered {
  readonly ok: boolean
  readonly status?: number | undefined
  /** A code of the error table, or why the transport gave up. */
  readonly reason?: string | undefined
}

const ATTEMPTS = 5
const FIRST_PAUSE_MS = 1_000
const PAUSE_FACTOR = 4
const TIMEOUT_MS = 10_000
/** Messages that wait for one webhook; the oldest go first. */
const MOST_WAITING = 100

/** Brings notices to one webhook, in their order, each tried a few times. What it tells is bounded, and its failure is told once. */
export class WebhookDelivery {
  private readonly options: WebhookDeliveryOptions
  private readonly waiting: Notice[] = []
  private running: Promise<void> | undefined = undefined
  private isFailing = false
  private readonly stop = new AbortController()

  constructor(options: WebhookDeliveryOptions) {
    this.options = options
  }

  get webhook(): Webhook {
    return this.options.webhook
  }

  get id(): string {
    return this.options.webhook.id
  }

  send(notice: Notice): void {
    const { only, resolved } = this.options.webhook
    if (notice.rule !== 'test' && only?.has(notice.rule) === false) return
    if (notice.state === 'resolved' && !resolved) return
    if (this.waiting.push(notice) > MOST_WAITING) this.waiting.shift()
    this.running ??= this.drain().finally(() => (this.running = undefined))
  }

  /** One try, with what became of it. */
  async attempt(notice: Notice): Promise<Delivered> {
    const { webhook, transport, clock, identity } = this.options
    const sending = new AbortController()
    const answered = new AbortController()
    const late = clock.sleep(TIMEOUT_MS, answered.signal).then(
      () => sending.abort(),
      () => undefined,
    )
    try {
      const headers = Object.entries(webhook.headers).map(([name, value]): [string, string] => [
        name.toLowerCase(),
        value.reveal(),
      ])
      const response = await transport.send({
        url: webhook.url.reveal(),
        method: 'POST',
        headers: { ...Object.fromEntries(headers), 'content-type': 'application/json' },
        body: webhookPayload(webhook.format, notice, identity()),
        signal: AbortSignal.any([sending.signal, this.stop.signal]),
        egress: webhook.egress,
      })
      discardBody(response)
      return { ok: response.ok, status: response.status }
    } catch (error) {
      return { ok: false, reason: sending.signal.aborted ? 'timeout' : reasonOf(error) }
    } finally {
      answered.abort()
      await late
    }
  }

  /** Resolves when what waits has been delivered, or given up. */
  async finish(): Promise<void> {
    await this.running
  }

  /** Nothing more is tried. */
  async close(): Promise<void> {
    this.waiting.length = 0
    this.stop.abort()
    await this.running
  }

  private async drain(): Promise<void> {
    for (let notice = this.waiting[0]; notice !== undefined; notice = this.waiting[0]) {
      await this.deliver(notice)
      if (this.waiting[0] === notice) this.waiting.shift()
    }
  }

  private async deliver(notice: Notice): Promise<void> {
    const { clock } = this.options
    let outcome: Delivered = { ok: false }
    for (let tried = 0; tried < ATTEMPTS && !this.stop.signal.aborted; tried++) {
      if (tried > 0) await clock.sleep(FIRST_PAUSE_MS * PAUSE_FACTOR ** (tried - 1), this.stop.signal).catch(() => undefined)
      outcome = await this.attempt(notice)
      if (outcome.ok || isFinal(outcome)) break
    }
    this.note(outcome)
  }

  private note({ ok, status, reason }: Delivered): void {
    const { logger, webhook } = this.options
    if (ok === !this.isFailing || this.stop.signal.aborted) return
    this.isFailing = !ok
    if (ok) logger.warn({ webhook: webhook.id }, 'alerts are delivered again')
    else logger.warn({ webhook: webhook.id, status, reason }, 'an alert could not be delivered; told once until one can')
  }
}

/** Refusals that another try does not change. */
const isFinal = ({ status, reason }: Delivered): boolean =>
  reason === 'private_address' ||
  reason === 'redirect' ||
  (status !== undefined && status < 500 && status !== 408 && status !== 429)

function reasonOf(error: unknown): string {
  if (!(error instanceof GatewayError)) return 'failed'
  const { reason } = error.details ?? {}
  return typeof reason === 'string' ? reason : error.code
}
