import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'

export interface ProbeHandlersOptions {
  readonly responder: Responder
  readonly isDraining: () => boolean
}

/** `/health` says that the process lives, `/ready` that it takes calls. Neither asks an upstream: their trouble is not ours. */
export function createProbeHandlers({ responder, isDraining }: ProbeHandlersOptions): Record<'health' | 'ready', ColdHandler> {
  return {
    health: ({ exchange }) => responder.own(exchange, 200, '{"ok":true}', []),
    ready: ({ exchange }) =>
      isDraining()
        ? responder.own(exchange, 503, '{"ready":false,"reason":"shutting_down"}', [['connection', 'close']])
        : responder.own(exchange, 200, '{"ready":true}', []),
  }
}
