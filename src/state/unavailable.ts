import { GatewayError } from '../errors/gateway-error.ts'

/** What is thrown when a place of state cannot be used: a sentence with the reason as the place has told it. */
export const unavailable = (cause: unknown, sentence: (reason: string) => string): GatewayError =>
  new GatewayError('state_unavailable', sentence(cause instanceof Error ? cause.message : String(cause)), { cause })
