const POLL_MS = 20

/** Resolves when `active` gives 0, at the latest after `limitMs`. */
export async function waitUntilIdle(active: () => number, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs
  while (active() > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
}
