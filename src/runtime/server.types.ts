/** What a handler may know about a connection. */
export interface Connection {
  readonly address: string | undefined
  setIdleLimit(enabled: boolean): void
}

/** Anything that answers requests. */
export interface RequestHandler {
  fetch(request: Request, connection: Connection): Promise<Response> | Response
  /** From now on new calls are refused; running ones go on. */
  drain(): void
  /** Requests whose answer is not complete. */
  readonly active: number
}

export interface ServeOptions {
  readonly app: RequestHandler
  readonly settings: {
    /** Name or address to listen on, IPv6 without brackets. */
    readonly host: string
    /** 0 takes any free port. */
    readonly port: number
    /** PEM texts. */
    readonly tls: { readonly cert: string; readonly key: { reveal(): string } } | undefined
  }
  /** Other processes listen on the same address; connections are dealt out among them. Only on Bun. */
  readonly sharesAddress?: boolean | undefined
}

/** A server that listens. */
export interface RunningServer {
  /** Address for clients on this machine, without a trailing slash. */
  readonly url: string
  readonly port: number
  /**
   * Refuses new calls, lets running ones finish for at most `drainMs`, then closes every connection. Readiness checks are answered in
   * the meantime. Resolves when nothing is open any more. A second call with less patience shortens the first.
   */
  stop(drainMs: number): Promise<void>
}
