import { BlockList, isIP, isIPv4 } from 'node:net'

const IPV4_IN_IPV6 = '::ffff:'

/** Whether an IP address lies in one of the ranges: addresses, or networks such as `10.0.0.0/8`. Ranges that are none are left out. */
export function createAddressMatcher(ranges: readonly string[]): (address: string) => boolean {
  if (ranges.length === 0) return () => false
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    if (isIP(address) === 0) continue
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (given) => {
    const address =
      given.toLowerCase().startsWith(IPV4_IN_IPV6) && isIPv4(given.slice(IPV4_IN_IPV6.length))
        ? given.slice(IPV4_IN_IPV6.length)
        : given
    const version = isIP(address)
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }
}
