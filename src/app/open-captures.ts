import { capturingEngine } from '../engine/capturing-engine.ts'
import type { Engine } from '../engine/engine.ts'
import type { CompiledConfig } from '../config/compile.ts'
import type { CaptureEvent, CaptureParts } from '../operations/captures.ts'
import type { AuditStore } from '../state/audit/store.ts'
import { openCaptureFolder } from '../state/captures/capture-folder.ts'
import type { CaptureOrder } from '../state/captures/store.ts'
import type { Surroundings } from './surroundings.ts'

interface CaptureSurroundings extends Surroundings {
  readonly config: CompiledConfig
  readonly engine: Engine
  readonly audit: AuditStore
}

/** Captures in the data directory, and the engine that copies for them. Without a directory there is nowhere to keep any. */
export function openCaptures({ config, engine, audit, dataDir, clock, logger }: CaptureSurroundings): {
  captures: CaptureParts | undefined
  served: Engine
} {
  if (dataDir === undefined) return { captures: undefined, served: engine }
  const { capture: settings } = config
  const folder = dataDir.file('captures')
  const tell = ({ action, by, capture: { id, key, until } }: CaptureEvent): void =>
    logger.warn({ by, capture: id, api_key_id: key, until }, action)
  const ended = (capture: CaptureOrder, what: 'expired' | 'full' | 'deleted'): void => {
    const action = what === 'deleted' ? 'capture.delete' : 'capture.end'
    tell({ action, by: 'gateway', capture })
    const subject = { kind: 'capture', id: capture.id }
    const entry = { at: Math.floor(clock.wall()), action, outcome: 'done', actor: { kind: 'gateway' }, subject } as const
    audit
      .append({ ...entry, source: { via: 'command' } })
      .catch((error: unknown) => logger.error({ error }, 'what happened to a capture could not be noted in the audit'))
  }
  const captures = openCaptureFolder({
    path: folder,
    clock,
    retentionMs: settings.retentionMs,
    maxBytes: settings.maxBytes,
    ended,
  })
  const parts = { captures, folder, settings, now: () => clock.wall(), tell }
  return { captures: parts, served: settings.enabled ? capturingEngine(engine, captures) : engine }
}
