import { ChangeFeed } from './change-feed.ts'
import { listLimit } from '../list-limit.ts'
import type { EntityOf, TenancyEntity, TenancyFilter, TenancyKind, TenancyStore } from './store.ts'

/** Tenancy in memory: for a gateway without a data directory. It ends with the process. */
export function createMemoryTenancy(): TenancyStore {
  const feed = new ChangeFeed()
  const entities = new Map<string, TenancyEntity>()
  const keep = (entity: TenancyEntity, isNext: (earlier: TenancyEntity | undefined) => boolean): boolean => {
    const key = `${entity.kind}:${entity.id}`
    if (!isNext(entities.get(key))) return false
    const own = structuredClone(entity)
    entities.set(key, own)
    feed.tell(own)
    return true
  }
  const sorted = <Kind extends TenancyKind>(kind: Kind): EntityOf<Kind>[] =>
    [...entities.values()]
      .filter((entity): entity is EntityOf<Kind> => entity.kind === kind)
      .sort((left, right) => (left.id < right.id ? -1 : 1))
  return {
    async get<Kind extends TenancyKind>(kind: Kind, id: string) {
      return entities.get(`${kind}:${id}`) as EntityOf<Kind> | undefined
    },
    async list(kind, filter = {}) {
      return sorted(kind)
        .filter((entity) => matches(entity, filter))
        .slice(0, listLimit(filter.limit))
    },
    insert: async (entity) => keep(entity, (earlier) => earlier === undefined),
    replace: async (entity) => keep(entity, (earlier) => earlier?.version === entity.version - 1),
    async *pages(kind) {
      yield sorted(kind)
    },
    watch: (listener) => feed.watch(listener),
    async close() {
      // Nothing is held open.
    },
  }
}

function matches(entity: TenancyEntity, { tenant, owner, after }: TenancyFilter): boolean {
  if (after !== undefined && entity.id <= after) return false
  if (tenant !== undefined && (entity.kind === 'tenant' ? entity.id : entity.tenant) !== tenant) return false
  return owner === undefined || (entity.kind === 'owner' ? entity.id : entity.kind === 'key' ? entity.owner : undefined) === owner
}
