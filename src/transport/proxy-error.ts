import { GatewayError } from '../errors/gateway-error.ts'

/**
 * The proxy of an egress is at fault, so that nobody blames the provider behind it. `fault` goes on with "The proxy of egress <id> …" and
 * holds nothing that a proxy has said.
 */
export const proxyError = (egress: string, fault: string, cause?: unknown): GatewayError =>
  new GatewayError('egress_failed', `The proxy of egress ${egress} ${fault}. Check its \`egress\` entry and the proxy itself.`, {
    ...(cause === undefined ? {} : { cause: codeOnly(cause) }),
    details: { reason: 'proxy', sent: false, egress },
  })

/** The proxy answered that it cannot get to the destination. */
export const beyondProxyError = (egress: string, host: string): GatewayError =>
  new GatewayError(
    'upstream_connect_failed',
    `The proxy of egress ${egress} could not reach the upstream. Check base_url, and what the proxy allows.`,
    { details: { reason: 'unreachable', sent: false, egress, host } },
  )

/** Errors of sockets name addresses; their code is enough. */
function codeOnly(cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'failed'
  return Object.assign(new Error(code), { code })
}
