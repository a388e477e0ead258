import { isLoopbackHost } from './loopback.ts'

/**
 * Tells which requests leave through the proxy of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, either
 * case), as the runtime's fetch reads them; Node's does so only when `NODE_USE_ENV_PROXY` is 1. Loopback never does: a local upstream behind a corporate proxy is a fault, not a wish.
 */
export function environmentProxy(env: Readonly<Record<string, string | undefined>>): (url: URL) => boolean {
  const read = (name: string): string => env[name] || env[name.toLowerCase()] || ''
  const all = read('ALL_PROXY')
  const http = read('HTTP_PROXY') || all
  const https = read('HTTPS_PROXY') || all
  const exceptions = read('NO_PROXY')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
  return (url) => {
    if (isLoopbackHost(url.hostname)) return false
    if ((url.protocol === 'https:' ? https : http) === '') return false
    return !exceptions.some((entry) => matches(url, entry))
  }
}

function matches(url: URL, entry: string): boolean {
  if (entry === '*') return true
  const host = entry.includes(':') && !entry.startsWith('[') ? url.host : url.hostname
  const name = entry.startsWith('*.') ? entry.slice(1) : entry
  return host === name || host.endsWith(name.startsWith('.') ? name : `.${name}`)
}
