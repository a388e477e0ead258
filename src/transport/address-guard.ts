import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../lib/clock.ts'
import { createAddressMatcher } from '../runtime/address-ranges.ts'
import { bare } from './destination.ts'
import { METADATA_HOSTS, PRIVATE_RANGES } from './private-ranges.data.ts'

export interface AddressGuardOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Every address of a host name. */
  readonly resolve?: ((host: string) => Promise<readonly string[]>) | undefined
}

/** How long the addresses of a name hold. They were checked and are what is called, so an old answer is never an unsafe one. */
const KNOWN_MS = 30_000
const MOST_KNOWN = 1024

const isPrivate = createAddressMatcher(PRIVATE_RANGES)

/**
 * Keeps requests on the public internet. A name is resolved once, all of its addresses are checked, and the caller connects to these: a
 * name cannot point somewhere else a moment later.
 */
export class AddressGuard {
  private readonly clock: Pick<Clock, 'now'>
  private readonly resolve: (host: string) => Promise<readonly string[]>
  private readonly known = new Map<string, { readonly until: number; readonly addresses: Promise<readonly string[]> }>()

  constructor({ clock, resolve = addressesOf }: AddressGuardOptions) {
    this.clock = clock
    this.resolve = resolve
  }

  /** Throws `address_not_allowed` for what is private by its spelling. Names are not resolved: whoever connects does that. */
  checkSpelling({ hostname, host }: URL): void {
    const name = bare(hostname)
    if (isIP(name) === 0 ? isPrivateName(name) : isPrivate(name)) throw notAllowed(host)
  }

  /** Addresses to connect to, in the order of the resolver. Rejects with `address_not_allowed` when one of them is private. */
  async addressesOf(url: URL): Promise<readonly string[]> {
    this.checkSpelling(url)
    const name = bare(url.hostname)
    if (isIP(name) !== 0) return [name]
    const addresses = await this.lookUp(name)
    if (addresses.length === 0 || addresses.some(isPrivate)) throw notAllowed(url.host)
    return addresses
  }

  private lookUp(name: string): Promise<readonly string[]> {
    const now = this.clock.now()
    const known = this.known.get(name)
    if (known !== undefined && known.until > now) return known.addresses
    const addresses = this.resolve(name)
    if (this.known.size >= MOST_KNOWN) this.known.clear()
    this.known.set(name, { until: now + KNOWN_MS, addresses })
    // A failure is for those who wait for it now, not for the next.
    addresses.catch(() => this.known.delete(name))
    return addresses
  }
}

/** The URL with an address in place of its host name. */
export function withAddress(url: URL, address: string): string {
  const addressed = new URL(url)
  addressed.hostname = isIP(address) === 6 ? `[${address}]` : address
  return addressed.href
}

function isPrivateName(name: string): boolean {
  const plain = name.toLowerCase().replace(/\.$/, '')
  return plain === 'localhost' || plain.endsWith('.localhost') || METADATA_HOSTS.includes(plain)
}

const notAllowed = (host: string): GatewayError =>
  new GatewayError(
    'address_not_allowed',
    'The address is on this machine or a private network, which is not allowed for it. If it is meant, set allow_private: true beside it in the configuration.',
    { details: { reason: 'private_address', sent: false, host } },
  )

const addressesOf = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true })).map(({ address }) => address)
