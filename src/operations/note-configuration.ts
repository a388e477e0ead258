import { ENGINE_VERSION } from '../engine/version.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../observability/logger.ts'
import type { AuditStore } from '../state/audit/store.ts'

export interface NotingParts {
  readonly audit: Pick<AuditStore, 'append'>
  readonly clock: Pick<Clock, 'wall'>
  readonly logger: Pick<Logger, 'error'>
}

/** The audit tells by which configuration the gateway has served since when. Serving does not wait for it. */
export function noteConfiguration(
  { revision, configHash }: Pick<RoutingSnapshot, 'revision' | 'configHash'>,
  { audit, clock, logger }: NotingParts,
): void {
  audit
    .append({
      at: Math.floor(clock.wall()),
      action: 'config.load',
      outcome: 'done',
      actor: { kind: 'gateway' },
      source: { via: 'command' },
      details: { revision, config_hash: configHash, version: ENGINE_VERSION },
    })
    .catch((error: unknown) => logger.error({ error }, 'the configuration could not be noted in the audit'))
}
