const BASE_MS = 100
const CAP_MS = 2_000

/** Full jitter: a random time up to 100 ms × 2^retries, at most 2 s. */
export const retryDelayMs = (retries: number, random: () => number): number => random() * Math.min(CAP_MS, BASE_MS * 2 ** retries)
