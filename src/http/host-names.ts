/** The name or address of a `Host` value, lower case, without port, brackets and trailing dot; undefined when it is malformed. */
export function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host)
  const name = match?.[1] ?? match?.[2]
  return name?.toLowerCase().replace(/\.$/, '')
}

/** Whether a name (IPv6 without brackets) always means this machine. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

/**
 * Whether a name cannot be one that a stranger's DNS points at us: an address, a name without a dot, or one of the domains reserved
 * for private networks.
 */
export function isPrivateName(name: string): boolean {
  return (
    isLoopbackName(name) ||
    /^[0-9.]+$/.test(name) ||
    name.includes(':') ||
    !name.includes('.') ||
    /\.(?:local|internal|home\.arpa)$/.test(name)
  )
}
