import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'

/** Refuses operators of one tenant what concerns all of them. `why` says it: `metrics tell of everybody`. */
export function refuseTenantOperators(principal: Principal | undefined, why: string): void {
  if (principal?.role !== 'operator' || principal.tenant === undefined) return
  throw new GatewayError(
    'forbidden',
    `This key is of an operator of one tenant, and ${why}. Ask with the key of an admin, or of an operator without a tenant.`,
  )
}
