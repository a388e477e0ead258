import type { TenancyFilter } from '../../state/tenancy/store.ts'
import type { GroupKind } from './group-edit.ts'
import type { TenancyParts } from './tenancy-parts.ts'
import { groupView, keyView, type GroupView, type KeyView } from './tenancy-views.ts'

const PAGE = 100

/** A page of keys, by id. */
export async function listKeys(
  { store, clock }: Pick<TenancyParts, 'store' | 'clock'>,
  filter: TenancyFilter,
): Promise<{ readonly keys: readonly KeyView[]; readonly next_after?: string | undefined }> {
  const limit = filter.limit ?? PAGE
  const found = await store.list('key', { ...filter, limit })
  const now = clock.wall()
  return { keys: found.map((key) => keyView(key, now)), next_after: nextAfter(found, limit) }
}

/** A page of tenants, projects or owners, by id; tenants that only the configuration names come last, on the last page. */
export async function listGroups(
  { store, known }: Pick<TenancyParts, 'store' | 'known'>,
  kind: GroupKind,
  filter: TenancyFilter,
): Promise<{ readonly groups: readonly GroupView[]; readonly next_after?: string | undefined }> {
  const limit = filter.limit ?? PAGE
  const found = await store.list(kind, { ...filter, limit })
  const next = nextAfter(found, limit)
  const groups = found.map(groupView)
  if (kind === 'tenant' && next === undefined) {
    for (const id of known().tenants) {
      const isAsked = filter.tenant === undefined || filter.tenant === id
      if (isAsked && (await store.get('tenant', id)) === undefined)
        groups.push({ object: 'tenant', id, state: 'active', declared: true })
    }
  }
  return { groups, next_after: next }
}

const nextAfter = (found: readonly { readonly id: string }[], limit: number): string | undefined =>
  found.length >= limit ? found.at(-1)?.id : undefined
