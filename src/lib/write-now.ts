/** How often a full pipe is tried again, and how long it gets to be read in between, in ms. */
const TRIES = 100
const PAUSE_MS = 10

/**
 * Writes before anything else happens, for a process that is about to end: what is still on its way to a pipe would be lost with it. A pipe
 * that is full gets a second to be read. Throws what `write` throws.
 */
export function writeNow(write: (text: string) => number, text: string): void {
  for (let tries = 1; ; tries += 1) {
    try {
      write(text)
      return
    } catch (error) {
      if (tries >= TRIES || !(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
  }
}
