import type { AccountPool } from '../credentials/account-pool.ts'
import type { ProviderId } from '../ir/ids.ts'
import type { Principal } from '../ir/principal.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { Coordination } from '../state/coordination/store.ts'
import type { DisableStore, DisableSubject } from '../state/disables/store.ts'
import type { HealthStore } from '../state/health/store.ts'
import type { EgressOf } from './account-egress.ts'
import type { LoginOf } from './account-login.ts'
import { refuseTenantOperators } from './beyond-tenants.ts'
import { nameOfSubject, requireSubject, type AccountSubject } from './disable-subject.ts'
import type { RotationParts } from './rotate-account.ts'
import type { DisableTerms } from './disable-terms.ts'
import {
  changeView,
  disableView,
  subjectView,
  type DisableChangeView,
  type DisableView,
  type SubjectView,
} from './disable-views.ts'

/** The parts of a gateway that operators see and switch. */
export interface OperatorParts {
  readonly snapshot: () => Pick<RoutingSnapshot, 'revision' | 'providers' | 'targets'>
  readonly disables: Pick<DisableStore, 'disable' | 'enable' | 'list' | 'changes' | 'model' | 'account'>
  readonly accounts: Pick<AccountPool, 'snapshot' | 'availability' | 'reset'>
  readonly health: Pick<HealthStore, 'snapshot' | 'observe'>
  /** What an account logs in with; undefined for one with a fixed key. */
  readonly loginOf?: LoginOf | undefined
  readonly egressOf?: EgressOf | undefined
  /** Absent where keys cannot be replaced. */
  readonly rotation?: RotationParts | undefined
  /** Absent for a gateway that shares its state with no other. */
  readonly coordination?: Pick<Coordination, 'id' | 'replicas' | 'status'> | undefined
}

/** The answer to an order to enable. */
export interface Enabled {
  readonly enabled: SubjectView
  /** False when it was in use all along: then nothing has changed. */
  readonly was_disabled: boolean
  /** The provider of the subject, when that is still out of use. */
  readonly still_disabled?: DisableView | undefined
}

export type SwitchParts = Pick<OperatorParts, 'snapshot' | 'disables'> & Partial<Pick<OperatorParts, 'health'>>

/** Takes a subject out of use. Throws `subject_not_found`, `invalid_body` or `state_unavailable`. */
export async function disableSubject(
  { snapshot, disables, health }: SwitchParts,
  subject: DisableSubject,
  { reason, forMs, by }: DisableTerms & { readonly by: string },
): Promise<{ readonly disabled: DisableView }> {
  requireSubject(snapshot(), subject, calledModels(health))
  return { disabled: disableView(await disables.disable({ subject, reason, forMs, by })) }
}

/** Puts a subject back into use. What was disabled can be enabled even when the configuration has it no more. */
export async function enableSubject(
  { snapshot, disables, health }: SwitchParts,
  subject: DisableSubject,
  { reason, by }: { readonly reason?: string | undefined; readonly by: string },
): Promise<Enabled> {
  const wasDisabled = await disables.enable({ subject, reason, by })
  if (!wasDisabled) requireSubject(snapshot(), subject, calledModels(health))
  const provider = disables
    .list()
    .find((entry) => entry.subject.scope === 'provider' && entry.subject.provider === subject.provider)
  return {
    enabled: subjectView(subject),
    was_disabled: wasDisabled,
    still_disabled: provider === undefined ? undefined : disableView(provider),
  }
}

/** Drops the locks of an account and the limits it was told. What an operator has disabled stays so. */
export function resetAccount(
  { snapshot, accounts, disables }: Pick<OperatorParts, 'snapshot' | 'accounts' | 'disables'>,
  subject: AccountSubject,
): { readonly reset: SubjectView; readonly locks_released: number; readonly still_disabled?: DisableView | undefined } {
  requireSubject(snapshot(), subject)
  const released = accounts.reset(subject.provider, subject.account)
  const entry = disables
    .list()
    .find(({ subject: other }) => other.scope === 'account' && nameOfSubject(other) === nameOfSubject(subject))
  return {
    reset: subjectView(subject),
    locks_released: released,
    still_disabled: entry === undefined ? undefined : disableView(entry),
  }
}

/** What is out of use now, oldest order first, and the latest changes, newest first. */
export async function listDisables(
  disables: Pick<DisableStore, 'list' | 'changes'>,
  limit?: number,
): Promise<{ readonly disables: readonly DisableView[]; readonly changes: readonly DisableChangeView[] }> {
  return { disables: disables.list().map(disableView), changes: (await disables.changes(limit)).map(changeView) }
}

/** Who orders something, for the audit. Throws `forbidden` for an operator of one tenant: a switch acts on everybody. */
export function orderedBy(principal: Principal | undefined): string {
  refuseTenantOperators(principal, 'switches act on everybody')
  return principal?.keyId ?? 'no key'
}

/** Models of a provider that have been called, written down or not. */
export const calledModels =
  (health: Pick<HealthStore, 'snapshot'> | undefined) =>
  (provider: ProviderId): readonly string[] =>
    (health?.snapshot().targets ?? []).flatMap((target) =>
      target.provider === provider ? [target.id.slice(provider.length + 1)] : [],
    )
