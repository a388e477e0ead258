import type { BindAddress } from '../http/bind-address.schema.ts'

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]'])

/** Whether only this machine reaches what listens there. */
export const isLoopbackAddress = ({ host }: Pick<BindAddress, 'host'>): boolean => LOOPBACK.test(host)

/** Whether a base URL leads to the address this gateway listens on, so that a call to it would come back for ever. */
export function pointsAtItself(baseUrl: string, own: BindAddress): boolean {
  if (own.port === 0 || !URL.canParse(baseUrl)) return false
  const url = new URL(baseUrl)
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  if (port !== own.port) return false
  const target = url.hostname.replace(/^\[|\]$/g, '')
  const isLocal = LOOPBACK.test(target) || EVERY_ADDRESS.has(target)
  return target === own.host.toLowerCase() || (isLocal && (LOOPBACK.test(own.host) || EVERY_ADDRESS.has(own.host)))
}
