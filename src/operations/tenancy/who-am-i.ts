import type { JsonObject } from '../../ir/json.ts'
import type { Principal } from '../../ir/principal.ts'
import { isKeyId } from '../../lib/issued-key.ts'
import type { TenancyStore } from '../../state/tenancy/store.ts'
import { selfReports, type SelfReport } from './self-report.ts'
import { keyView, type KeyView } from './tenancy-views.ts'

/** What a caller may know of itself. Limits and spend are fields of the reports. */
export interface SelfView extends JsonObject {
  readonly schema: 'switchback.me/v1'
  readonly role: Principal['role']
  /** Id under which its calls are recorded; absent on a gateway that wants no key. */
  readonly key_id?: string | undefined
  /** Of an issued key. */
  readonly key?: Omit<KeyView, 'created' | 'role' | 'owner' | 'tenant' | 'project'> | undefined
  readonly owner?: string | undefined
  readonly tenant?: string | undefined
  readonly project?: string | undefined
  readonly allowed?: Principal['allowed']
}

export interface WhoAmIParts {
  readonly store: Pick<TenancyStore, 'get'>
  readonly clock: { wall(): number }
  readonly reports?: readonly SelfReport[] | undefined
}

/** Tells a caller who it is, what it may do, and what others have to say of it. */
export async function whoAmI({ store, clock, reports }: WhoAmIParts, principal: Principal): Promise<SelfView> {
  const { role, keyId, owner, tenant, project, allowed } = principal
  const issued = keyId !== undefined && isKeyId(keyId) ? await store.get('key', keyId) : undefined
  return {
    schema: 'switchback.me/v1',
    role,
    key_id: keyId,
    key: issued === undefined ? undefined : ownPart(keyView(issued, clock.wall())),
    owner,
    tenant,
    project,
    allowed,
    ...(await selfReports(reports ?? [], principal)),
  }
}

/** Who issued it is not the caller's to know, and the rest stands beside. */
function ownPart({
  created: _created,
  role: _role,
  owner: _owner,
  tenant: _tenant,
  project: _project,
  ...own
}: KeyView): NonNullable<SelfView['key']> {
  return own
}
