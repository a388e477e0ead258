import type { Disabled } from '../ir/observed.ts'
import type { DisableChange, DisableEntry, DisableSubject } from '../state/disables/store.ts'

/** A subject as JSON: its scope and its names. */
export interface SubjectView {
  readonly scope: DisableSubject['scope']
  readonly provider: string
  readonly account?: string | undefined
  readonly model?: string | undefined
}

/** Something out of use, as JSON. Times are Unix milliseconds. */
export interface DisableView extends SubjectView {
  readonly reason?: string | undefined
  /** When it ends by itself; absent when somebody has to enable it. */
  readonly until?: number | undefined
  readonly by?: string | undefined
  readonly since: number
}

/** One change of the audit, as JSON. */
export interface DisableChangeView extends SubjectView {
  readonly at: number
  readonly action: 'disable' | 'enable'
  readonly reason?: string | undefined
  readonly until?: number | undefined
  readonly by: string
}

export function subjectView(subject: DisableSubject): SubjectView {
  const { scope, provider } = subject
  if (scope === 'account') return { scope, provider, account: subject.account }
  return scope === 'model' ? { scope, provider, model: subject.model } : { scope, provider }
}

export const disableView = ({ subject, reason, until, by, since }: DisableEntry): DisableView => ({
  ...subjectView(subject),
  reason,
  until,
  by,
  since,
})

export const changeView = ({ at, action, subject, reason, until, by }: DisableChange): DisableChangeView => ({
  at,
  action,
  ...subjectView(subject),
  reason,
  until,
  by,
})

/** What health views tell beside the subject itself. */
export interface DisabledView {
  readonly scope: Disabled['scope']
  readonly reason?: string | undefined
  readonly until?: number | undefined
  readonly by?: string | undefined
}

/** Undefined for what is in use. */
export const disabledView = (disabled: Disabled | undefined): DisabledView | undefined =>
  disabled === undefined ? undefined : { scope: disabled.scope, reason: disabled.reason, until: disabled.until, by: disabled.by }
