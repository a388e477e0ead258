import { timingSafeEqual } from 'node:crypto'
import type { GatewayError } from '../../errors/gateway-error.ts'
import { asApiKeyId, asTenantId } from '../../ir/ids.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { AllowList, Principal } from '../../ir/principal.ts'
import type { Clock } from '../../lib/clock.ts'
import { hashOfIssuedKey, isKeyId, parseIssuedKey } from '../../lib/issued-key.ts'
import { narrowedNames } from '../../lib/narrowed-names.ts'
import { PackedTexts } from '../../lib/packed-texts.ts'
import { keyRefusals } from './key-refusals.ts'
import { KeySources, type SourceUse } from './key-sources.ts'
import { packKey, unpackKey, type AdmittableKey } from './packed-key.ts'
import type { Ending, IssuedKeyEntity, TenancyEntity, TenancyKind, TenancyStore } from './store.ts'

/** Calls that have to end, because the key they came with, or what it belongs to, has ended. */
export interface EndedCalls {
  readonly concerns: (principal: Principal) => boolean
  /** Those of them that were admitted lately. */
  readonly admitted: readonly Principal[]
  readonly error: GatewayError
}

export interface KeyDirectoryOptions {
  readonly clock: Pick<Clock, 'wall'>
  /** What the configuration confines a tenant to; undefined when it does not. */
  readonly tenantLists?: ((tenant: string) => AllowList | undefined) | undefined
  /** Told when calls under way have to end. */
  readonly onEnded?: ((ended: EndedCalls) => void) | undefined
}

/** A key that is in use. */
interface UsedKey {
  /** One object for a key, whichever of its secrets is shown: whoever compares callers compares objects. */
  principal: Principal | undefined
  /** Outlive a change of the key. */
  readonly sources: KeySources
  /** The texts it was shown as. */
  readonly shown: Set<string>
}

/** A text that was shown and is a good key. */
interface Admitted {
  readonly principal: Principal
  /** Unix milliseconds from which on it has to be looked at again. */
  readonly validUntil: number
  readonly sources: KeySources
}

/** What is shown instead of a hash where there is none, so that comparing takes as long. */
const NO_HASH = '0'.repeat(64)

type Group = Exclude<TenancyKind, 'key'>

interface PackedGroup {
  readonly version: number
  readonly limits?: JsonObject | undefined
}

/**
 * All issued keys in memory, for the way of a request: no call does I/O. Keys that nobody uses are packed texts; one that is shown is
 * unpacked, compared in constant time, and remembered by the text that was shown, so that it is hashed once.
 */
export class KeyDirectory {
  private readonly options: KeyDirectoryOptions
  private readonly packed = new PackedTexts()
  /** By the text that was shown. Holds good keys only. */
  private readonly admitted = new Map<string, Admitted>()
  /** By id. */
  private readonly used = new Map<string, UsedKey>()
  /** Owners, projects and tenants that are disabled, as `kind:id`. */
  private readonly outOfUse = new Map<string, Ending>()
  /** Counts up with every change. */
  revision = 0
  private isLoaded = false
  private stopWatching: (() => void) | undefined = undefined

  constructor(options: KeyDirectoryOptions) {
    this.options = options
  }

  /** Reads everything, and follows the store's changes from then on. */
  async follow(store: Pick<TenancyStore, 'pages' | 'watch'>): Promise<void> {
    this.stopWatching = store.watch((changed) => this.apply(changed))
    await this.load(store)
    this.isLoaded = true
  }

  close(): void {
    this.stopWatching?.()
  }

  /**
   * Who calls with this key, or why nobody may. `from` is asked now and then for the address it came from. What it takes does not depend
   * on whether there is such a key, nor on how much of the secret is right.
   */
  find(key: string, from: () => string | undefined): Principal | GatewayError {
    const now = this.options.clock.wall()
    const known = this.admitted.get(key)
    if (known !== undefined && now < known.validUntil) {
      known.sources.note(from, now)
      return known.principal
    }
    const parsed = parseIssuedKey(key)
    if (parsed === undefined) return keyRefusals.mistyped()
    if (parsed.kind === 'invitation') return keyRefusals.invitation()
    if (!this.isLoaded) return keyRefusals.loading()
    const found = this.keyOf(parsed.id)
    const shown = hashOfIssuedKey(key)
    const isPresent = isSame(shown, found?.sha256)
    const isPrevious = isSame(shown, found?.previous?.sha256)
    if (found === undefined || !(isPresent || isPrevious)) return keyRefusals.unknown()
    return this.refusalOf(found, isPresent, now) ?? this.admit(key, found, { isPresent, now, from })
  }

  /** How often a key is used and from where, as far as this process has seen; undefined when it has not. */
  useOf(keyId: string): readonly SourceUse[] | undefined {
    return this.used.get(keyId)?.sources.list
  }

  /** What the store has as limits of a key, an owner, a project (`tenant/name`) or a tenant. */
  limitsOf(kind: TenancyKind, id: string): JsonObject | undefined {
    return kind === 'key' ? this.keyOf(id)?.limits : this.groupOf(kind, id)?.limits
  }

  /** Why a key of the configuration admits nobody for now: what it belongs to is out of use. Costs nothing while nothing is. */
  refusalOfGroups(principal: Principal): GatewayError | undefined {
    return this.outOfUse.size === 0 ? undefined : this.groupRefusal(principal)
  }

  private apply(entity: TenancyEntity): void {
    if (!this.keep(entity)) return
    const admitted = this.forget(entity)
    const ending = entity.kind === 'key' ? (entity.revoked ?? entity.disabled) : entity.disabled
    if (ending === undefined || ending.drain === true) return
    this.options.onEnded?.({ concerns: (principal) => concerns(entity, principal), admitted, error: endOf(entity, ending) })
  }

  private async load(store: Pick<TenancyStore, 'pages'>): Promise<void> {
    for (const kind of ['tenant', 'project', 'owner', 'key'] as const) {
      for await (const page of store.pages(kind)) {
        for (const entity of page) this.keep(entity)
      }
    }
  }

  /** False for what is known already: the feed may be ahead of the page that is being read. */
  private keep(entity: TenancyEntity): boolean {
    const place = `${entity.kind}:${entity.id}`
    const earlier = entity.kind === 'key' ? this.keyOf(entity.id) : this.groupOf(entity.kind, entity.id)
    if (earlier !== undefined && earlier.version >= entity.version) return false
    if (entity.kind !== 'key') {
      if (entity.disabled === undefined) this.outOfUse.delete(place)
      else this.outOfUse.set(place, entity.disabled)
    }
    this.revision++
    this.packed.set(place, entity.kind === 'key' ? packKey(entity) : packGroup(entity))
    return true
  }

  private keyOf(id: string): AdmittableKey | undefined {
    const text = this.packed.get(`key:${id}`)
    return text === undefined ? undefined : unpackKey(id, text)
  }

  private groupOf(kind: Group, id: string): PackedGroup | undefined {
    const text = this.packed.get(`${kind}:${id}`)
    return text === undefined ? undefined : (JSON.parse(text) as PackedGroup)
  }

  private refusalOf(key: AdmittableKey, isPresent: boolean, now: number): GatewayError | undefined {
    const { id, revoked, expiresAt, previous, disabled } = key
    if (revoked !== undefined) return keyRefusals.revoked(id, revoked)
    if (expiresAt !== undefined && expiresAt <= now) return keyRefusals.expired(id, expiresAt)
    if (!isPresent && previous !== undefined && previous.validUntil <= now) return keyRefusals.replaced(id, previous.validUntil)
    if (disabled !== undefined) return keyRefusals.disabled(`key ${id}`, disabled, id)
    return this.groupRefusal(key, id)
  }

  private groupRefusal(caller: Belonging, id?: string): GatewayError | undefined {
    for (const [kind, name] of groupsOf(caller)) {
      const disabled = this.outOfUse.get(`${kind}:${name}`)
      if (disabled !== undefined) return keyRefusals.disabled(`${kind} ${name}`, disabled, id)
    }
    return undefined
  }

  /** The configuration confines tenants to other lists: keys in use are looked at again when they are next shown. */
  renew(): void {
    this.admitted.clear()
    for (const used of this.used.values()) {
      used.shown.clear()
      used.principal = undefined
    }
  }

  private admit(
    shown: string,
    key: AdmittableKey,
    { isPresent, now, from }: { readonly isPresent: boolean; readonly now: number; readonly from: () => string | undefined },
  ): Principal {
    let used = this.used.get(key.id)
    if (used === undefined) this.used.set(key.id, (used = { principal: undefined, sources: new KeySources(), shown: new Set() }))
    const principal = (used.principal ??= this.principalOf(key))
    const lasts = isPresent ? Number.POSITIVE_INFINITY : (key.previous?.validUntil ?? 0)
    used.sources.note(from, now)
    used.shown.add(shown)
    this.admitted.set(shown, {
      principal,
      validUntil: Math.min(key.expiresAt ?? Number.POSITIVE_INFINITY, lasts),
      sources: used.sources,
    })
    return principal
  }

  private principalOf(key: AdmittableKey): Principal {
    const lists = key.tenant === undefined ? undefined : this.options.tenantLists?.(key.tenant)
    return newPrincipal(lists === undefined ? key : { ...key, allowed: narrowed(key.allowed, lists) })
  }

  /** What was admitted and has changed is looked at again when it is next shown. */
  private forget(entity: TenancyEntity): Principal[] {
    const forgotten: Principal[] = []
    const own = entity.kind === 'key' ? this.used.get(entity.id) : undefined
    const concerned = entity.kind !== 'key' ? this.used.values() : own === undefined ? [] : [own]
    for (const used of concerned) {
      if (used.principal === undefined || !concerns(entity, used.principal)) continue
      for (const text of used.shown) this.admitted.delete(text)
      used.shown.clear()
      forgotten.push(used.principal)
      used.principal = undefined
    }
    return forgotten
  }
}

const narrowed = (own: AllowList | undefined, of: AllowList): AllowList => ({
  models: narrowedNames(own?.models, of.models),
  routes: narrowedNames(own?.routes, of.routes),
  providers: narrowedNames(own?.providers, of.providers),
  accounts: narrowedNames(own?.accounts, of.accounts),
})

const newPrincipal = ({ id, role, tenant, project, owner, allowed }: AdmittableKey): Principal => ({
  role,
  keyId: asApiKeyId(id),
  tenant: tenant === undefined ? undefined : asTenantId(tenant),
  project,
  owner,
  allowed,
})

const packGroup = ({ version, limits }: Exclude<TenancyEntity, IssuedKeyEntity>): string =>
  JSON.stringify({ version, limits } satisfies PackedGroup)

type Belonging = Pick<Principal, 'owner' | 'project'> & { readonly tenant?: string | undefined }

/** What a key belongs to. */
function groupsOf({ owner, tenant, project }: Belonging): (readonly [Group, string])[] {
  const groups: (readonly [Group, string])[] = owner === undefined ? [] : [['owner', owner]]
  if (tenant !== undefined) groups.push(['tenant', tenant])
  if (tenant !== undefined && project !== undefined) groups.push(['project', `${tenant}/${project}`])
  return groups
}

/** Whether a caller comes with the key, or with one that belongs to the owner, project or tenant. Admins of the configuration never do. */
function concerns(entity: TenancyEntity, { role, keyId, owner, tenant, project }: Principal): boolean {
  if (entity.kind !== 'key' && role === 'admin' && !isKeyId(keyId ?? '')) return false
  switch (entity.kind) {
    case 'key':
      return keyId === entity.id
    case 'owner':
      return owner === entity.id
    case 'tenant':
      return tenant === entity.id
    case 'project':
      return project !== undefined && `${tenant}/${project}` === entity.id
  }
}

function endOf(entity: TenancyEntity, ending: Ending): GatewayError {
  if (entity.kind === 'key' && entity.revoked !== undefined) return keyRefusals.revoked(entity.id, ending)
  return keyRefusals.disabled(`${entity.kind} ${entity.id}`, ending)
}

const isSame = (shown: string, kept = NO_HASH): boolean => timingSafeEqual(Buffer.from(shown), Buffer.from(kept))
