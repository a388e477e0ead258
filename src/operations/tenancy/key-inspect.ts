import { GatewayError } from '../../errors/gateway-error.ts'
import { asApiKeyId, asTenantId } from '../../ir/ids.ts'
import type { JsonObject } from '../../ir/json.ts'
import { hashOfIssuedKey, isKeyId, looksIssued, parseIssuedKey } from '../../lib/issued-key.ts'
import type { IssuedKeyEntity } from '../../state/tenancy/store.ts'
import { requireEntity } from './change-entity.ts'
import { keySpend, type HourOfSpending } from './key-spend.ts'
import { keyUse, type KeyUse } from './key-use.ts'
import { selfReports } from './self-report.ts'
import type { TenancyParts } from './tenancy-parts.ts'
import { groupView, keyView, type GroupView, type KeyView } from './tenancy-views.ts'

/** Everything that is known of a key. */
export interface KeyInspection extends JsonObject {
  readonly key: KeyView
  /** What was shown: the whole key, with its present secret, the one before, or another; absent when it was only named. */
  readonly shown?: 'present' | 'previous' | 'other' | 'invitation' | undefined
  readonly owner?: GroupView | undefined
  readonly tenant?: GroupView | undefined
  readonly project?: GroupView | undefined
  /** Addresses it came from, latest first, as far as this gateway has seen since it started. */
  readonly sources?: readonly { readonly address: string | undefined; readonly first_seen: number; readonly last_seen: number }[]
  readonly use?: KeyUse | undefined
  /** Of the last day; absent without a ledger, or while that cannot be read. */
  readonly spent_by_hour?: readonly HourOfSpending[] | undefined
}

/**
 * Tells everything of a key that is named by its id or shown as a whole, such as one that was found in a file. Operators of one tenant see
 * its keys only (`tenant`). Quotes around it are no part of it. Throws `tenancy_not_found`, or `invalid_body` for a key that was cut off:
 * it is what is asked about, not what the caller is known by.
 */
export async function inspectKey(parts: TenancyParts, idOrKey: string, tenant?: string): Promise<KeyInspection> {
  const text = idOrKey.trim().replaceAll(/^["'`]|["'`]$/g, '')
  const key = await requireEntity(parts.store, 'key', idOf(text))
  if (tenant !== undefined && key.tenant !== tenant) throw unknownKey()
  const now = parts.clock.wall()
  const group = async (kind: 'owner' | 'tenant' | 'project', id: string | undefined): Promise<GroupView | undefined> => {
    const found = id === undefined ? undefined : await parts.store.get(kind, id)
    return found === undefined ? undefined : groupView(found)
  }
  const uses = parts.useOf?.(key.id)
  return {
    key: keyView(key, now),
    shown: isKeyId(text) ? undefined : shownAs(text, key),
    owner: await group('owner', key.owner),
    tenant: await group('tenant', key.tenant),
    project: await group('project', key.project === undefined ? undefined : `${key.tenant}/${key.project}`),
    ...(uses === undefined
      ? {}
      : { sources: uses.map(({ address, firstSeen, lastSeen }) => ({ address, first_seen: firstSeen, last_seen: lastSeen })) }),
    use: parts.records === undefined ? undefined : await keyUse(parts.records, key.id, now),
    // A ledger that is down does not keep the rest from being told.
    spent_by_hour: parts.ledger && (await keySpend(parts.ledger, key.id, now).catch(() => undefined)),
    ...(await selfReports(parts.reports ?? [], {
      role: key.role,
      keyId: asApiKeyId(key.id),
      owner: key.owner,
      tenant: key.tenant === undefined ? undefined : asTenantId(key.tenant),
      project: key.project,
    })),
  }
}

function idOf(text: string): string {
  if (isKeyId(text)) return text
  const parsed = parseIssuedKey(text)
  if (parsed !== undefined) return parsed.id
  if (looksIssued(text))
    throw new GatewayError(
      'invalid_body',
      'This is a key of a Switchback gateway that is cut off or mistyped: its checksum does not fit. Copy it again, whole, or name its id, the first 16 characters.',
      { param: 'key' },
    )
  throw new GatewayError(
    'tenancy_not_found',
    'This is no key that a Switchback gateway issues: those begin with sbk_. Keys of the configuration stand there, under api_keys.',
  )
}

/** Which of its secrets somebody has. */
function shownAs(text: string, { secret, previous, invitation }: IssuedKeyEntity): NonNullable<KeyInspection['shown']> {
  const hash = hashOfIssuedKey(text)
  if (hash === secret?.sha256) return 'present'
  if (hash === previous?.sha256) return 'previous'
  return hash === invitation?.sha256 ? 'invitation' : 'other'
}

const unknownKey = (): GatewayError =>
  new GatewayError('tenancy_not_found', 'There is no key of this id. "switchback key list" shows those there are.')
