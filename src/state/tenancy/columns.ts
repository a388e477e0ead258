import type { TenancyEntity } from './store.ts'

/** The tenant an entity is listed under: a tenant under itself. */
export const tenantOf = (entity: TenancyEntity): string | null => (entity.kind === 'tenant' ? entity.id : (entity.tenant ?? null))

/** The owner an entity is listed under: an owner under itself. */
export function ownerOf(entity: TenancyEntity): string | null {
  if (entity.kind === 'owner') return entity.id
  return entity.kind === 'key' ? entity.owner : null
}
