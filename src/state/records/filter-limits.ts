const DEFAULT_LIMIT = 50
const MAX_LIMIT = 1000

/** The limit a list works with: 50 when none was given, never above 1000, never below 1. */
export function listLimit(limit: number | undefined): number {
  if (limit === undefined || !Number.isFinite(limit)) return DEFAULT_LIMIT
  return Math.min(MAX_LIMIT, Math.max(1, Math.floor(limit)))
}
