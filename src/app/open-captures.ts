import { capturingEngine } from '../engine/capturing-engine.ts'
import type { Engine } from '../engine/engine.ts'
import type { CompiledConfig } from '../config/compile.ts'
import type { CaptureEvent, CaptureParts } from '../operations/captures.ts'
import { openCaptureFolder } from '../state/captures/capture-folder.ts'
import type { Surroundings } from './surroundings.ts'

interface CaptureSurroundings extends Surroundings {
  readonly config: CompiledConfig
  readonly engine: Engine
}

/** Captures in the data directory, and the engine that copies for them. Without a directory there is nowhere to keep any. */
export function openCaptures({ config, engine, dataDir, clock, logger }: CaptureSurroundings): {
  captures: CaptureParts | undefined
  served: Engine
} {
  if (dataDir === undefined) return { captures: undefined, served: engine }
  const { capture: settings } = config
  const folder = dataDir.file('captures')
  const audit = ({ action, by, capture: { id, key, until } }: CaptureEvent): void =>
    logger.warn({ by, capture: id, api_key_id: key, until }, action)
  const captures = openCaptureFolder({
    path: folder,
    clock,
    retentionMs: settings.retentionMs,
    maxBytes: settings.maxBytes,
    ended: (capture, what) => audit({ action: what === 'deleted' ? 'capture.delete' : 'capture.end', by: 'gateway', capture }),
  })
  const parts = { captures, folder, settings, now: () => clock.wall(), audit }
  return { captures: parts, served: settings.enabled ? capturingEngine(engine, captures) : engine }
}
