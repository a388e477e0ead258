import type { RunningServer, ServeOptions } from './server.types.ts'

export type { RunningServer, ServeOptions } from './server.types.ts'

/** Listens on Bun or Node. Rejects with an error of code `EADDRINUSE` when the address is taken. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  if ('Bun' in globalThis) return (await import('./serve-bun.ts')).serveOnBun(options)
  return (await import('./serve-node.ts')).serveOnNode(options)
}
