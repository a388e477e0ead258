import type { CallAddress } from '../codecs/codec.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { RequestId } from '../ir/ids.ts'
import type { Principal } from '../ir/principal.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { ByteHold } from '../lib/byte-budget.ts'
import type { Watch } from '../lib/deadlines.ts'
import type { Peer } from './http-app.types.ts'
import type { RouteName } from './routes.ts'
import type { StreamFraming } from './stream-framing.ts'

/** One request and what is known about it so far. Every field is set in the constructor, so that all have one shape. */
export class Exchange implements Watch {
  /** `Clock.now()` from which the server may no longer close the connection for being silent. */
  at = Number.POSITIVE_INFINITY
  readonly request: Request
  readonly peer: Peer | undefined
  readonly requestId: RequestId
  /** `Clock.now()` when the request was seen. */
  readonly receivedAt: number
  /** Format in which the caller expects errors. */
  format: WireFormat
  /** Undefined when there is no such route. */
  route: RouteName | undefined
  principal: Principal | undefined = undefined
  requestBytes = 0
  /** What the path says of the call, where the format says it there. */
  address: CallAddress | undefined = undefined
  /** How a stream goes out where it is not one of events. */
  framing: StreamFraming | undefined = undefined
  /** Memory its body takes, while it is large. */
  hold: ByteHold | undefined = undefined
  /** Set when the request ended badly. */
  error: GatewayError | undefined = undefined

  constructor(facts: Pick<Exchange, 'request' | 'peer' | 'requestId' | 'receivedAt' | 'format' | 'route'>) {
    this.request = facts.request
    this.peer = facts.peer
    this.requestId = facts.requestId
    this.receivedAt = facts.receivedAt
    this.format = facts.format
    this.route = facts.route
  }

  expire(): void {
    this.peer?.setIdleLimit?.(false)
  }
}
