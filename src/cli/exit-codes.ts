import type { GatewayError } from '../errors/gateway-error.ts'

/** What the process tells its caller. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const ASKED_WRONGLY: readonly GatewayError['code'][] = ['config_invalid', 'revision_refused', 'invalid_body', 'invalid_json']

/** 2 when the person asked wrongly, 1 when what was asked did not work out. */
export function exitCodeOf(error: GatewayError): ExitCode {
  return ASKED_WRONGLY.some((code) => code === error.code) ? EXIT.usage : EXIT.failed
}
