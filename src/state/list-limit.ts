const DEFAULT_LIMIT = 100
const MOST = 1_000

/** The limit a list works with: 100 when none was given, never above 1000, never below 1. */
export const listLimit = (limit = DEFAULT_LIMIT): number => Math.min(MOST, Math.max(1, Math.trunc(limit) || 1))
