import { GatewayError } from '../../errors/gateway-error.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { EntityOf, TenancyEntity, TenancyKind, TenancyStore } from '../../state/tenancy/store.ts'
import { audited, type AuditedDeed, type Origin } from '../audited.ts'
import { safeText } from '../story-words.ts'
import type { TenancyParts } from './tenancy-parts.ts'

/** Tries against others who change the same thing. */
const MOST_TRIES = 5

export interface EntityChange<Kind extends TenancyKind> {
  readonly kind: Kind
  readonly id: string
  /** What is done, as `key.revoke`. */
  readonly action: string
  /** For the audit, without secrets. */
  readonly details?: JsonObject | undefined
  /** The next state; undefined when there is nothing to change. May be asked again when somebody else was faster. */
  readonly next: (current: EntityOf<Kind>) => Partial<EntityOf<Kind>> | undefined
}

/** Changes something that is there, audited. Resolves with what it is now. Throws `tenancy_not_found`, `tenancy_conflict` or `state_unavailable`. */
export async function changeEntity<Kind extends TenancyKind>(
  parts: Pick<TenancyParts, 'store' | 'audit' | 'clock'>,
  origin: Origin,
  change: EntityChange<Kind>,
): Promise<{ readonly entity: EntityOf<Kind>; readonly changed: boolean }> {
  const { kind, id, action, details } = change
  for (let tried = 0; tried < MOST_TRIES; tried++) {
    const current = await requireEntity(parts.store, kind, id)
    const part = change.next(current)
    if (part === undefined) return { entity: current, changed: false }
    const entity: EntityOf<Kind> = { ...current, ...part, version: current.version + 1 }
    const deed: AuditedDeed = { action, subject: auditSubject(entity), details }
    try {
      await audited(parts, origin, deed, async () => {
        if (!(await parts.store.replace(entity))) throw overtaken(kind, id)
      })
      return { entity, changed: true }
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'tenancy_conflict') throw error
    }
  }
  throw overtaken(kind, id)
}

/** Keeps something new, audited. Throws `tenancy_conflict` when there is one of this id. */
export async function insertEntity(
  parts: Pick<TenancyParts, 'store' | 'audit' | 'clock'>,
  origin: Origin,
  {
    entity,
    action,
    details,
  }: { readonly entity: TenancyEntity; readonly action: string; readonly details?: JsonObject | undefined },
): Promise<void> {
  const taken = new GatewayError(
    'tenancy_conflict',
    `There is a ${entity.kind} ${entity.id} already. Choose another name, or change the one that is there.`,
  )
  if ((await parts.store.get(entity.kind, entity.id)) !== undefined) throw taken
  await audited(parts, origin, { action, subject: auditSubject(entity), details }, async () => {
    if (!(await parts.store.insert(entity))) throw taken
  })
}

/** What is there by this id. Throws `tenancy_not_found`. */
export async function requireEntity<Kind extends TenancyKind>(
  store: Pick<TenancyStore, 'get'>,
  kind: Kind,
  id: string,
): Promise<EntityOf<Kind>> {
  const found = await store.get(kind, id)
  if (found !== undefined) return found
  throw new GatewayError(
    'tenancy_not_found',
    `There is no ${kind} ${safeText(id)}. "switchback ${kind} list" shows those there are.`,
  )
}

const auditSubject = (entity: TenancyEntity): AuditedDeed['subject'] => ({
  kind: entity.kind,
  id: entity.id,
  tenant: entity.kind === 'tenant' ? entity.id : entity.tenant,
})

const overtaken = (kind: TenancyKind, id: string): GatewayError =>
  new GatewayError('tenancy_conflict', `Somebody else changed the ${kind} ${id} in the same moment. Look at it and try again.`)
