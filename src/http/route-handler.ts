import type { Exchange } from './exchange.ts'

export interface ColdRequest {
  readonly exchange: Exchange
  /** The path's parameter, decoded; empty when the route has none. */
  readonly id: string
  readonly query: URLSearchParams
}

/** Serves a route other than model calls. May throw a `GatewayError`. */
export type ColdHandler = (request: ColdRequest) => Response | Promise<Response>
