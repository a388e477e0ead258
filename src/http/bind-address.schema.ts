import { isIPv6 } from 'node:net'

export interface BindAddress {
  /** Host name or address, IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

/** Reads `host:port` or `[ipv6]:port`; undefined when it is neither. */
export function parseBind(text: string): BindAddress | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const [, ipv6, name, digits = ''] = match
  const port = Number(digits)
  if (port > 65_535) return undefined
  if (ipv6 !== undefined) return isIPv6(ipv6) ? { host: ipv6, port } : undefined
  return name === undefined ? undefined : { host: name, port }
}
