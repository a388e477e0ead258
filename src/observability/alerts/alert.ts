import type { AlertRule } from './alerts.schema.ts'

export type Severity = 'critical' | 'warning'

/** Something is wrong now. `rule` and `subject` together tell one condition from another. */
export interface Condition {
  readonly rule: AlertRule
  /** A name of the configuration or of a fixed kind; empty when there is only one. */
  readonly subject: string
  readonly severity: Severity
  /** A sentence for people. */
  readonly summary: string
  /** What it becomes when it is over. */
  readonly recovery: string
  /** Numbers and names for machines. */
  readonly facts: Readonly<Record<string, string | number | readonly string[]>>
}

/** What somebody is told. */
export interface Notice {
  readonly state: 'firing' | 'resolved' | 'test'
  readonly rule: AlertRule | 'test'
  readonly subject: string
  readonly severity: Severity
  readonly summary: string
  readonly facts: Condition['facts']
  /** Unix milliseconds at which the condition began. */
  readonly startedAt: number
  /** Unix milliseconds of this notice. */
  readonly at: number
}

/** Tells conditions apart, here and at whoever is told: the same from every replica. */
export const alertKey = ({ rule, subject }: Pick<Notice, 'rule' | 'subject'>): string =>
  subject === '' ? rule : `${rule}:${subject}`
