import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'

/** Refuses operators of one tenant what tells of all of them. `what` names it, such as `metrics tell`. */
export function refuseTenantOperators(principal: Principal | undefined, what: string): void {
  if (principal?.role !== 'operator' || principal.tenant === undefined) return
  throw new GatewayError(
    'forbidden',
    `This key is of an operator of one tenant, and ${what} of everybody. Ask with the key of an admin, or of an operator without a tenant.`,
  )
}
