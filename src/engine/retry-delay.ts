import type { Decided } from './execution-deps.ts'

/** Full jitter: a random time up to the first pause × 2^retries, at most the longest one. The route's settings go before the server's. */
export function retryDelayMs({ route, snapshot }: Decided, retries: number, random: () => number): number {
  const { baseDelayMs, maxDelayMs } = snapshot.resilience.retry
  const own = route.resilience?.retry
  return random() * Math.min(own?.maxDelayMs ?? maxDelayMs, (own?.baseDelayMs ?? baseDelayMs) * 2 ** retries)
}
