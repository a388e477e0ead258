import type { EgressPath } from '../transport/egress.settings.schema.ts'
import { isLoopbackHost } from '../transport/loopback.ts'

/** How requests to a host leave, as far as it matters to whoever wants to connect to it without sending one. */
export type WayOut =
  | { readonly kind: 'straight' }
  /** Through a proxy, behind which only requests can be tried. */
  | { readonly kind: 'proxied' }
  /** Not at all; `why` is a sentence. */
  | { readonly kind: 'closed'; readonly why: string }

export interface WaysOut {
  /** Which addresses a proxy of the environment is in front of. */
  readonly proxied: (url: URL) => boolean
  /** Whether anything may leave this machine. */
  readonly mayLeave: boolean
}

export function wayOutOf(url: URL, egress: EgressPath | undefined, { proxied, mayLeave }: WaysOut): WayOut {
  if (egress?.closed !== undefined) return { kind: 'closed', why: `Egress ${egress.id} ${egress.closed}.` }
  if (!mayLeave && !isLoopbackHost(url.hostname))
    return { kind: 'closed', why: 'Nothing leaves this machine: server.egress_enabled is false.' }
  const { proxy } = egress ?? { proxy: 'environment' }
  if (proxy === undefined) return { kind: 'straight' }
  return typeof proxy === 'object' || proxied(url) ? { kind: 'proxied' } : { kind: 'straight' }
}
