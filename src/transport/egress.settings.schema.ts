import type { Secret } from '../lib/secret.ts'

/** A proxy that requests leave through. */
export interface ProxySettings {
  /** `https`: the way to the proxy itself is encrypted. `socks5` resolves names here, `socks5h` leaves that to the proxy. */
  readonly protocol: 'http' | 'https' | 'socks5' | 'socks5h'
  /** Without brackets. */
  readonly host: string
  readonly port: number
  readonly user: string | undefined
  readonly password: Secret | undefined
}

/** How requests of one account leave this machine. */
export interface EgressPath {
  /** Name for records and errors: that of the `egress` entry, or `direct`. */
  readonly id: string
  /** `environment`: as `HTTPS_PROXY` and the like say; undefined: straight to the upstream, whatever they say. */
  readonly proxy: ProxySettings | 'environment' | undefined
  /** Why nothing may leave this way, as the end of a sentence; undefined when it may. */
  readonly closed: string | undefined
  /** Only to addresses of the public internet. */
  readonly publicOnly: boolean
  /** Certificates (PEM) that are trusted beside the public ones. */
  readonly trusted: readonly string[]
  /** Sent with every request, lower-case names; never credentials. */
  readonly headers: Readonly<Record<string, string>>
}

/** The way to what a machine of a cloud is told by itself: straight, to an address of a private network that is always meant. */
export const TO_THE_MACHINE: EgressPath = {
  id: 'direct',
  proxy: undefined,
  closed: undefined,
  publicOnly: false,
  trusted: [],
  headers: {},
}

/** The way of a request that has none of its own: as the environment says. */
export const anyWay = (publicOnly: boolean): EgressPath => ({ ...TO_THE_MACHINE, proxy: 'environment', publicOnly })

/** How records and views name a way; undefined where nothing special was chosen. Never its address, which may hold a password. */
export const egressName = (egress: EgressPath | undefined): string | undefined =>
  egress === undefined || egress.id === 'direct' ? undefined : egress.id
