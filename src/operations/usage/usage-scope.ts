import { GatewayError } from '../../errors/gateway-error.ts'
import type { Principal } from '../../ir/principal.ts'
import type { LedgerFilter } from '../../state/ledger/store.ts'

/**
 * What of the ledger a caller may see: a client what its owner spent, or its key when it has no owner; an operator of a tenant that
 * tenant; others everything.
 */
export function usageScope({ role, tenant, owner, keyId }: Principal): LedgerFilter {
  if (role === 'admin') return {}
  if (role === 'operator') return tenant === undefined ? {} : { tenant }
  const own = owner === undefined ? { key: keyId ?? NOBODY } : { owner }
  return tenant === undefined ? own : { ...own, tenant }
}

/** No key has this id. */
const NOBODY = '\u0000'

/** What was asked, within what may be seen. Throws `forbidden` when somebody else's usage was asked for. */
export function withinScope<Filter extends LedgerFilter>(filter: Filter, scope: LedgerFilter): Filter {
  for (const [name, value] of Object.entries(scope)) {
    const asked = filter[name as keyof LedgerFilter]
    if (asked !== undefined && asked !== value)
      throw new GatewayError(
        'forbidden',
        `This key sees the usage of its own ${name} only. Leave \`${name}\` out, or ask with the key of an operator.`,
        {
          param: name,
        },
      )
  }
  return { ...filter, ...scope }
}
