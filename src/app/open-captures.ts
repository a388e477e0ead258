import { capturingEngine } from '../engine/capturing-engine.ts'
import type { Engine } from '../engine/engine.ts'
import type { CompiledConfig } from '../config/compile.ts'
import type { CaptureEvent, CaptureParts } from '../operations/captures.ts'
import type { AuditStore } from '../state/audit/store.ts'
import type { CaptureSettings } from '../state/captures/captures.schema.ts'
import { openCaptureFolder } from '../state/captures/capture-folder.ts'
import type { CaptureOrder } from '../state/captures/store.ts'
import type { Surroundings } from './surroundings.ts'

interface CaptureSurroundings extends Surroundings, Pick<CaptureParts, 'hasKey'> {
  readonly config: CompiledConfig
  readonly engine: Engine
  readonly audit: AuditStore
}

/** Captures of a gateway, and the engine that copies for them. */
export interface OpenCaptures {
  /** Undefined without a data directory: there is nowhere to keep any. */
  readonly captures: CaptureParts | undefined
  readonly served: Engine
  /** Goes by other settings from now on. What they do not allow any more ends. */
  configure(settings: CaptureSettings): void
}

/** Captures in the data directory. While they are switched off, no call is copied. */
export function openCaptures({ config, engine, audit, hasKey, dataDir, clock, logger }: CaptureSurroundings): OpenCaptures {
  if (dataDir === undefined) return { captures: undefined, served: engine, configure: () => undefined }
  let settings = config.capture
  const folder = dataDir.file('captures')
  const tell = ({ action, by, capture: { id, key, until } }: CaptureEvent): void =>
    logger.warn({ by, capture: id, api_key_id: key, until }, action)
  const ended = (capture: CaptureOrder, what: 'stopped' | 'expired' | 'full' | 'deleted'): void => {
    const action = what === 'deleted' ? 'capture.delete' : 'capture.end'
    tell({ action, by: 'gateway', capture })
    const subject = { kind: 'capture', id: capture.id }
    const entry = { at: Math.floor(clock.wall()), action, outcome: 'done', actor: { kind: 'gateway' }, subject } as const
    audit
      .append({ ...entry, source: { via: 'command' } })
      .catch((error: unknown) => logger.error({ error }, 'what happened to a capture could not be noted in the audit'))
  }
  const undeletable = ({ id }: CaptureOrder, error: unknown): void =>
    logger.error({ capture: id, error }, 'captured bodies whose time is over cannot be deleted')
  const captures = openCaptureFolder({ ...settings, path: folder, clock, ended, undeletable })
  const parts = {
    captures,
    folder,
    get settings() {
      return settings
    },
    hasKey,
    workers: config.server.workers,
    now: () => clock.wall(),
    tell,
  }
  const allowed = {
    get isActive() {
      return settings.enabled && config.server.workers <= 1 && captures.isActive
    },
    begin: captures.begin.bind(captures),
  }
  return {
    captures: parts,
    served: capturingEngine(engine, allowed),
    configure(next) {
      settings = next
      captures.configure(next)
      for (const order of captures.list())
        if (order.ended === undefined && !isAllowed(order, next) && captures.stop(order.id)) ended(order, 'stopped')
    },
  }
}

/** Whether a capture could be ordered like this by these settings. */
const isAllowed = (order: CaptureOrder, { enabled, recipients }: CaptureSettings): boolean =>
  enabled && (recipients.length === 0 || order.recipients.every((recipient) => recipients.includes(recipient)))
