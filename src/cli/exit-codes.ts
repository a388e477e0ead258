import type { GatewayError } from '../errors/gateway-error.ts'

/** What the process tells its caller. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** 2 when the person asked wrongly, 1 when what was asked did not work out. */
export function exitCodeOf(error: GatewayError): ExitCode {
  return error.code === 'config_invalid' || error.code === 'invalid_body' || error.code === 'invalid_json'
    ? EXIT.usage
    : EXIT.failed
}
