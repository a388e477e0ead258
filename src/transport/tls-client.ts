import net from 'node:net'
import tls from 'node:tls'

/** Options of TLS for a host that is known by a name or an address. `trusted` are certificates (PEM) that count beside the public ones. */
export const tlsClient = (host: string, trusted: readonly string[]): tls.ConnectionOptions => ({
  host,
  ...(net.isIP(host) === 0 ? { servername: host } : {}),
  ...trusting(trusted),
})

/** What makes these certificates (PEM) count beside the public ones. */
export const trusting = (trusted: readonly string[]): { readonly ca?: string[] } =>
  trusted.length === 0 ? {} : { ca: [...tls.rootCertificates, ...trusted] }
