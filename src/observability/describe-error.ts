import { GatewayError } from '../errors/gateway-error.ts'

const MOST_CAUSES = 5

/**
 * An error as it may be logged. Of a `GatewayError` that came from an upstream only codes are kept, because its message quotes the
 * upstream. Messages of syntax errors quote what was parsed, so they are left out too.
 */
export function describeError(thrown: unknown): Record<string, unknown> {
  return describe(thrown, MOST_CAUSES)
}

function describe(thrown: unknown, depth: number): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { type: typeof thrown }
  const cause = thrown.cause === undefined || depth <= 1 ? undefined : describe(thrown.cause, depth - 1)
  if (thrown instanceof GatewayError) {
    const quotesUpstream = thrown.upstream !== undefined
    return {
      type: thrown.name,
      code: thrown.code,
      message: quotesUpstream || !thrown.row.exposeMessage ? undefined : thrown.message,
      provider: thrown.provider,
      target: thrown.target,
      upstream_status: thrown.upstream?.status,
      cause,
    }
  }
  const code: unknown = 'code' in thrown ? thrown.code : undefined
  return {
    type: thrown.name,
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    message: thrown instanceof SyntaxError ? undefined : thrown.message,
    stack: framesOf(thrown),
    cause,
  }
}

/** The places of a stack without its first lines, which repeat the message. */
function framesOf(error: Error): string | undefined {
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line))
  return frames === undefined || frames.length === 0 ? undefined : frames.join('\n')
}
