/** Where a connection leads. */
export interface Destination {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
}

/** Where a connection to the origin of a URL leads. */
export const destinationOf = ({ hostname, port, protocol }: URL): Destination => ({
  host: bare(hostname),
  port: Number(port) || (protocol === 'https:' ? 443 : 80),
})

/** The host of a URL without the brackets of IPv6. */
export const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '')
