import { GatewayError } from '../errors/gateway-error.ts'
import type { JsonObject } from '../ir/json.ts'
import type { Clock } from '../lib/clock.ts'
import type { AuditActor, AuditSource, AuditStore, AuditSubject } from '../state/audit/store.ts'

/** Who wants something, and from where. */
export interface Origin {
  readonly actor: AuditActor
  readonly source: AuditSource
}

export interface AuditParts {
  readonly audit: Pick<AuditStore, 'append'>
  readonly clock: Pick<Clock, 'wall'>
}

/** For a gateway that is embedded without an audit. */
export const NO_AUDIT: AuditParts['audit'] = { append: async () => undefined }

export interface AuditedDeed {
  /** What is done, as `key.revoke`. */
  readonly action: string
  readonly subject: AuditSubject
  /** What changes, without secrets. */
  readonly details?: JsonObject | undefined
}

/**
 * Does something that is audited: the entry is durable before it is done. When it then fails, a second entry says so. Throws
 * `state_unavailable`, with nothing done, when it cannot be audited.
 */
export async function audited<Result>(
  { audit, clock }: AuditParts,
  { actor, source }: Origin,
  { action, subject, details }: AuditedDeed,
  act: () => Promise<Result> | Result,
): Promise<Result> {
  const entry = { at: Math.floor(clock.wall()), action, actor, source, subject, details }
  await audit.append({ ...entry, outcome: 'done' })
  try {
    return await act()
  } catch (error) {
    const errorCode = error instanceof GatewayError ? error.code : 'internal'
    // The deed's own failure is what has to be told; the entry before it stands either way.
    await audit.append({ ...entry, outcome: 'failed', errorCode }).catch(() => undefined)
    throw error
  }
}

/** The name of whoever it is, for lists. */
export const actorName = ({ kind, id }: AuditActor): string => id ?? (kind === 'open' ? 'no key' : kind)
