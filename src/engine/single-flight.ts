import { createHash } from 'node:crypto'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import type { Clock } from '../lib/clock.ts'
import type { IdempotencyStore } from '../state/idempotency/store.ts'
import type { Answer, AnswerStream } from './engine.ts'
import { ForwardedStream } from './forwarded-stream.ts'
import { openAnswer, sealAnswer } from './sealed-answer.ts'

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
  readonly kind: 'flight'
  /** The answer, which ends the flight when it is delivered or given up. */
  guard(answer: Answer): Answer
  /** There will be no answer. */
  end(): void
}

/** The call was made before, and this is what it was answered with. */
export interface KeptBody {
  readonly kind: 'kept'
  readonly body: Uint8Array
}

export interface SingleFlightOptions {
  readonly store: IdempotencyStore
  readonly clock: Pick<Clock, 'every'>
  /** Answers are kept, encrypted, and given again. */
  readonly keepsAnswers?: boolean | undefined
  /** Half of the shortest lease a store may give. */
  readonly renewMs?: number | undefined
}

const RENEW_MS = 60_000
/** Larger answers are not kept: their calls may be made again. */
const MOST_KEPT_BYTES = 2 ** 20

/**
 * Lets a call under an idempotency key happen once at a time. A second one is refused and never attached to the first: it would get a stream whose
 * beginning is gone. Where answers are kept, the same call gets a whole answer again; a stream is never kept.
 */
export class SingleFlight {
  private readonly store: IdempotencyStore
  private readonly clock: Pick<Clock, 'every'>
  private readonly keepsAnswers: boolean
  private readonly renewMs: number
  private readonly holders = new Set<string>()
  private stopRenewing: (() => void) | undefined = undefined

  constructor({ store, clock, keepsAnswers = false, renewMs = RENEW_MS }: SingleFlightOptions) {
    this.store = store
    this.clock = clock
    this.keepsAnswers = keepsAnswers
    this.renewMs = renewMs
  }

  /** Rejects with `idempotency_in_flight`, `idempotency_mismatch` or `coordination_lost`. */
  async begin(call: KeyedCall): Promise<Flight | KeptBody> {
    const name = nameOf(call)
    const claim = await this.store.claim({ key: name, fingerprint: hashOf(call.body) })
    switch (claim.kind) {
      case 'in-flight':
        throw inFlight()
      case 'mismatch':
        throw mismatch()
      case 'answered':
        return { kind: 'kept', body: keptBody(claim.sealed, call, name) }
      case 'claimed':
        return this.flight(claim.holder, call, name)
    }
  }

  private flight(holder: string, call: KeyedCall, name: string): Flight {
    this.holders.add(holder)
    this.stopRenewing ??= this.clock.every(this.renewMs, () => void this.store.renew([...this.holders]))
    const end = (): void => this.end(holder)
    return {
      kind: 'flight',
      end,
      guard: (answer) => {
        if (answer.kind === 'stream') return { ...answer, stream: new GuardedStream(answer.stream, end) }
        this.end(holder, this.keepsAnswers ? sealedAnswer(answer, call, name) : undefined)
        return answer
      },
    }
  }

  private end(holder: string, sealed?: Uint8Array): void {
    if (!this.holders.delete(holder)) return
    void this.store.finish(holder, sealed)
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

/** Undefined for what is not kept: failures, and what is too large. */
function sealedAnswer(answer: Answer, call: KeyedCall, name: string): Uint8Array | undefined {
  if (answer.kind !== 'whole' || answer.status !== 200) return undefined
  const body = typeof answer.body === 'string' ? new TextEncoder().encode(answer.body) : answer.body
  return body.length > MOST_KEPT_BYTES ? undefined : sealAnswer(body, call, name)
}

function keptBody(sealed: Uint8Array, call: KeyedCall, name: string): Uint8Array {
  const body = openAnswer(sealed, call, name)
  if (body !== undefined) return body
  throw new GatewayError(
    'internal',
    'The answer that was kept for this Idempotency-Key cannot be read. Send another key to make the call again.',
  )
}

const nameOf = ({ key, path, principal: { tenant, project, keyId } }: KeyedCall): string =>
  hashOf([path, tenant ?? '', project ?? '', tenant === undefined ? (keyId ?? '') : '', key].join('\0'))

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
