/** The options that both runtimes read, and Bun's own (`timeout`, `proxy`, `tls`), which Node ignores. */
export interface FetchInit {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: Uint8Array | string | ReadableStream<Uint8Array> | null
  readonly signal: AbortSignal
  readonly redirect: 'manual'
  readonly duplex?: 'half'
  /** Bun gives up on silent upstreams after six minutes unless this is false. Our timeouts are the signal's. */
  readonly timeout: false
  /** Bun takes proxies from the environment, for loopback too, unless this is false. */
  readonly proxy?: false
  readonly tls?: { readonly serverName?: string; readonly ca?: readonly string[] }
}

export type FetchFunction = (url: string, init: FetchInit) => Promise<Response>
