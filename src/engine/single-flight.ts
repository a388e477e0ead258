import { createHash } from 'node:crypto'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import type { Clock } from '../lib/clock.ts'
import type { IdempotencyStore } from '../state/idempotency/store.ts'
import type { Answer, AnswerStream } from './engine.ts'
import { ForwardedStream } from './forwarded-stream.ts'

/** A call that names a key under which it wants to happen once. */
export interface KeyedCall {
  readonly key: string
  /** Where it was sent to: the same key elsewhere is another. */
  readonly path: string
  readonly principal: Principal
  readonly body: Uint8Array
}

/** Leave to make the call. */
export interface Flight {
  /** The answer, which ends the flight when it is delivered or given up. */
  guard(answer: Answer): Answer
  /** There will be no answer. */
  end(): void
}

export interface SingleFlightOptions {
  readonly store: IdempotencyStore
  readonly clock: Pick<Clock, 'every'>
  /** Half of the shortest lease a store may give. */
  readonly renewMs?: number | undefined
}

const RENEW_MS = 60_000

/**
 * Lets a call under an idempotency key happen once at a time. A second one is refused and never attached to the first: it would get a stream whose
 * beginning is gone.
 */
export class SingleFlight {
  private readonly store: IdempotencyStore
  private readonly clock: Pick<Clock, 'every'>
  private readonly renewMs: number
  private readonly holders = new Set<string>()
  private stopRenewing: (() => void) | undefined = undefined

  constructor({ store, clock, renewMs = RENEW_MS }: SingleFlightOptions) {
    this.store = store
    this.clock = clock
    this.renewMs = renewMs
  }

  /** Rejects with `idempotency_in_flight` or `idempotency_mismatch`. */
  async begin({ key, path, principal, body }: KeyedCall): Promise<Flight> {
    const { tenant, project, keyId } = principal
    const claim = await this.store.claim({
      key: hashOf([path, tenant ?? '', project ?? '', tenant === undefined ? (keyId ?? '') : '', key].join('\0')),
      fingerprint: hashOf(body),
    })
    if (claim.kind === 'in-flight') throw inFlight()
    if (claim.kind === 'mismatch') throw mismatch()
    const { holder } = claim
    this.holders.add(holder)
    this.stopRenewing ??= this.clock.every(this.renewMs, () => void this.store.renew([...this.holders]))
    const end = (): void => this.end(holder)
    return {
      end,
      guard(answer) {
        if (answer.kind === 'stream') return { ...answer, stream: new GuardedStream(answer.stream, end) }
        end()
        return answer
      },
    }
  }

  private end(holder: string): void {
    if (!this.holders.delete(holder)) return
    void this.store.finish(holder)
    if (this.holders.size > 0) return
    this.stopRenewing?.()
    this.stopRenewing = undefined
  }
}

/** A stream that tells when it is over. */
class GuardedStream extends ForwardedStream {
  protected readonly ended: () => void
  protected override readonly cancelled: () => void

  constructor(stream: AnswerStream, over: () => void) {
    super(stream)
    this.ended = over
    this.cancelled = over
  }
}

const hashOf = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

const inFlight = (): GatewayError =>
  new GatewayError(
    'idempotency_in_flight',
    'A call with this Idempotency-Key is under way. Wait for its answer, or send another key to make the call twice.',
  )

const mismatch = (): GatewayError =>
  new GatewayError(
    'idempotency_mismatch',
    'This Idempotency-Key was used for another body. A key stands for one call: send a new one with another body.',
  )
