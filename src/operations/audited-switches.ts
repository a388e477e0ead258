import { audited, type AuditParts, type AuditedDeed, type Origin } from './audited.ts'
import { nameOfSubject, requireSubject, type AccountSubject } from './disable-subject.ts'
import {
  calledModels,
  disableSubject,
  enableSubject,
  resetAccount,
  type Enabled,
  type OperatorParts,
  type SwitchParts,
} from './disable-switches.ts'
import type { DisableTerms } from './disable-terms.ts'
import type { DisableSubject } from '../state/disables/store.ts'

/** Who switches, and where that is noted. */
export interface Switching {
  readonly audit: AuditParts
  readonly origin: Origin
  /** Name of whoever orders it, for the disables' own list. */
  readonly by: string
}

/** `disableSubject`, audited. */
export async function disableAudited(
  parts: SwitchParts,
  { audit, origin, by }: Switching,
  subject: DisableSubject,
  terms: DisableTerms,
): ReturnType<typeof disableSubject> {
  // What cannot be meant is refused before anything is noted.
  requireSubject(parts.snapshot(), subject, calledModels(parts.health))
  const deed = deedOf('disable', subject, { reason: terms.reason, for_ms: terms.forMs })
  return audited(audit, origin, deed, () => disableSubject(parts, subject, { ...terms, by }))
}

/** `enableSubject`, audited when there is something to enable. */
export async function enableAudited(
  parts: SwitchParts,
  { audit, origin, by }: Switching,
  subject: DisableSubject,
  reason: string | undefined,
): Promise<Enabled> {
  const enable = (): Promise<Enabled> => enableSubject(parts, subject, { reason, by })
  const isDisabled = parts.disables
    .list()
    .some((entry) => entry.scope === subject.scope && nameOfSubject(entry.subject) === nameOfSubject(subject))
  return isDisabled ? audited(audit, origin, deedOf('enable', subject, { reason }), enable) : enable()
}

/** `resetAccount`, audited. */
export async function resetAudited(
  parts: Pick<OperatorParts, 'snapshot' | 'accounts' | 'disables'>,
  { audit, origin }: Omit<Switching, 'by'>,
  subject: AccountSubject,
): Promise<ReturnType<typeof resetAccount>> {
  requireSubject(parts.snapshot(), subject)
  return audited(audit, origin, deedOf('reset', subject, {}), () => resetAccount(parts, subject))
}

const deedOf = (verb: string, subject: DisableSubject, details: NonNullable<AuditedDeed['details']>): AuditedDeed => ({
  action: `${subject.scope}.${verb}`,
  subject: { kind: subject.scope, id: nameOfSubject(subject) },
  details,
})
