/**
 * Addresses that are not of the public internet: this machine, private and shared networks, link-local, documentation, multicast, and the
 * translations of IPv4 into IPv6 (NAT64, 6to4, Teredo, IPv4-compatible), which would lead back to them. IPv4-mapped ones are looked up as
 * the IPv4 address they hold.
 */
export const PRIVATE_RANGES: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Answers with the secrets of Azure's machines, from a public address.
  '168.63.129.16/32',
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]

/** Names under which clouds answer with the credentials of the machine that asks; they need not resolve to an address of the list. */
export const METADATA_HOSTS: readonly string[] = ['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data']
