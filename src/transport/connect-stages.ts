import { lookup } from 'node:dns/promises'
import net from 'node:net'
import tls from 'node:tls'
import { waitConnected, type ProbeResult } from './connect-probe.ts'
import { destinationOf, type Destination } from './destination.ts'
import { tlsClient } from './tls-client.ts'

/** How far a connection to a host gets; later stages are absent when an earlier one failed. */
export interface ConnectStages {
  /** Addresses of the name, or the system's code for why there are none (`ENOTFOUND`, `EAI_AGAIN` …). */
  readonly dns: { readonly addresses: readonly string[] } | { readonly failure: string }
  readonly tcp?: ProbeResult
  /** Absent for plain HTTP. `failure` is the code of the library (`CERT_HAS_EXPIRED` …). */
  readonly tls?: { readonly protocol: string; readonly validTo: string } | { readonly failure: string }
}

/**
 * Resolves a host, connects to it and shakes hands, one after the other. Sends no request, so no key is tried. `trusted` are certificates (PEM)
 * that count beside the public ones. Never rejects.
 */
export async function connectStages(url: URL, timeoutMs: number, trusted: readonly string[] = []): Promise<ConnectStages> {
  const destination = destinationOf(url)
  const dns = await resolve(destination.host)
  if ('failure' in dns) return { dns }
  const tcp = await waitConnected(url.href, timeoutMs)
  if (tcp !== 'connected' || url.protocol !== 'https:') return { dns, tcp }
  return { dns, tcp, tls: await shakeHands(destination, timeoutMs, trusted) }
}

async function resolve(host: string): Promise<ConnectStages['dns']> {
  if (net.isIP(host) !== 0) return { addresses: [host] }
  try {
    const found = await lookup(host, { all: true })
    return { addresses: found.map(({ address }) => address) }
  } catch (error) {
    return { failure: codeOf(error) }
  }
}

function shakeHands(
  { host, port }: Destination,
  timeoutMs: number,
  trusted: readonly string[],
): Promise<NonNullable<ConnectStages['tls']>> {
  return new Promise((done) => {
    const socket = tls.connect({ port, ...tlsClient(host, trusted) })
    const finish = (outcome: NonNullable<ConnectStages['tls']>): void => {
      clearTimeout(timer)
      socket.destroy()
      done(outcome)
    }
    // Plain timers, as in `waitConnected`.
    const timer = setTimeout(() => finish({ failure: 'timeout' }), timeoutMs)
    socket.once('secureConnect', () =>
      finish({ protocol: socket.getProtocol() ?? 'TLS', validTo: socket.getPeerCertificate().valid_to ?? '' }),
    )
    socket.on('error', (error) => finish({ failure: codeOf(error) }))
  })
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
