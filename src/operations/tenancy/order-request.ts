import { GatewayError } from '../../errors/gateway-error.ts'
import { assertNever } from '../../lib/assert-never.ts'
import type { GatewayQuestion } from '../call-gateway.ts'
import type { TenancyOrder } from './tenancy-order.ts'

/** How a running gateway is asked for what an order wants. */
export function orderRequest(order: TenancyOrder): GatewayQuestion {
  const base = `/v1/${order.kind}s`
  switch (order.action) {
    case 'list':
      return { path: `${base}${queryOf(order.filter)}` }
    case 'create':
      return { path: base, body: JSON.stringify(order.body) }
    case 'show':
      return { path: `${base}/${pathOf(order.id)}` }
    case 'inspect':
      return { path: `${base}/inspect`, body: JSON.stringify(order.body) }
    case 'change':
    case 'disable':
    case 'enable':
    case 'rotate':
    case 'revoke':
      return { path: `${base}/${pathOf(order.id)}/${order.action}`, body: JSON.stringify(order.body) }
    default:
      return assertNever(order)
  }
}

function queryOf(filter: object): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, String(value))
  return query.size === 0 ? '' : `?${query}`
}

/** Each part of an id in one part of the path, whatever it holds. */
function pathOf(id: string): string {
  const parts = id.split('/')
  // An address with such a part leads elsewhere, however it is written.
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    throw new GatewayError('invalid_body', 'A name cannot be empty, "." or "..". Correct the name.')
  return parts.map(encodeURIComponent).join('/')
}
