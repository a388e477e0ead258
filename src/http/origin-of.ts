import type { Principal } from '../ir/principal.ts'
import type { Origin } from '../operations/audited.ts'
import { clientAddress } from './client-address.ts'
import type { Exchange } from './exchange.ts'

/** Who asks, and from where, for the audit. */
export function originOf(exchange: Exchange, isTrustedProxy: (address: string) => boolean): Origin {
  const { request, peer, requestId, principal } = exchange
  return {
    actor: actorOf(principal),
    source: { via: 'http', address: clientAddress(request.headers, peer, isTrustedProxy), requestId },
  }
}

function actorOf(principal: Principal | undefined): Origin['actor'] {
  if (principal === undefined) return { kind: 'stranger' }
  const { role, keyId, tenant, owner } = principal
  return keyId === undefined ? { kind: 'open', role } : { kind: 'key', id: keyId, role, tenant, owner }
}
