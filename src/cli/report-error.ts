import { GatewayError } from '../errors/gateway-error.ts'
import type { CliContext } from './cli-context.ts'
import { exitCodeOf, type ExitCode } from './exit-codes.ts'

/** Tells what went wrong, as JSON on stdout when that was asked for, else as a sentence on stderr. Rethrows what is no `GatewayError`. */
export function reportError(context: Pick<CliContext, 'stdout' | 'stderr'>, thrown: unknown, json: boolean): ExitCode {
  if (!(thrown instanceof GatewayError)) throw thrown
  if (json)
    context.stdout(`${JSON.stringify({ ok: false, error: { code: thrown.code, message: thrown.message, ...thrown.details } })}\n`)
  else context.stderr(`switchback: ${thrown.message}\n`)
  return exitCodeOf(thrown)
}
