const MAX_DEPTH = 32
const MAX_VALUES = 100_000

/** Why a value handed over by a program is no plain data, or undefined when it is. Things that contain themselves are too deep. */
export function whyNotPlain(value: unknown): string | undefined {
  let values = 0
  const visit = (inner: unknown, depth: number): string | undefined => {
    if (typeof inner === 'function' || typeof inner === 'symbol' || typeof inner === 'bigint') return `it holds a ${typeof inner}`
    if (typeof inner !== 'object' || inner === null) return undefined
    if (depth > MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH} levels`
    if (++values > MAX_VALUES) return `it holds more than ${MAX_VALUES} lists and mappings`
    for (const next of Object.values(inner)) {
      const reason = visit(next, depth + 1)
      if (reason !== undefined) return reason
    }
    return undefined
  }
  return visit(value, 0)
}
