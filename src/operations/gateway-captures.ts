import { capturingEngine } from '../engine/capturing-engine.ts'
import type { Engine } from '../engine/engine.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../observability/logger.ts'
import { openCaptureFolder } from '../state/captures/capture-folder.ts'
import type { CaptureSettings } from '../state/captures/captures.schema.ts'
import type { DataDir } from '../state/data-dir.ts'
import type { CaptureEvent, CaptureParts } from './captures.ts'

export interface GatewayCapturesOptions {
  readonly settings: CaptureSettings
  readonly engine: Engine
  /** Undefined keeps everything in memory: then there is nowhere to keep bodies. */
  readonly dataDir: DataDir | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** Keeps what was done; default: the log alone. */
  readonly audit?: ((event: CaptureEvent) => void) | undefined
}

export interface GatewayCaptures {
  readonly captures: CaptureParts | undefined
  /** The engine that copies bodies where that is ordered; the given one where nothing may be captured. */
  readonly served: Engine
}

/** Captures of a gateway in its data directory. */
export function createGatewayCaptures(options: GatewayCapturesOptions): GatewayCaptures {
  const { settings, engine, dataDir, clock, logger } = options
  if (dataDir === undefined) return { captures: undefined, served: engine }
  const folder = dataDir.file('captures')
  const audit = (event: CaptureEvent): void => {
    const { id, key, until } = event.capture
    logger.warn({ by: event.by, capture: id, api_key_id: key, until }, event.action)
    options.audit?.(event)
  }
  const captures = openCaptureFolder({
    path: folder,
    clock,
    retentionMs: settings.retentionMs,
    maxBytes: settings.maxBytes,
    ended: (capture, what) => audit({ action: what === 'deleted' ? 'capture.delete' : 'capture.end', by: 'gateway', capture }),
  })
  return {
    captures: { captures, folder, settings, now: () => clock.wall(), audit },
    served: settings.enabled ? capturingEngine(engine, captures) : engine,
  }
}
