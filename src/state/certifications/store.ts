import type { ChangeListener } from '../../lib/change-watch.ts'
import type { Certification } from './certification.ts'

/** The newest certification of every target that has one. What it is asked rejects with `state_unavailable`. */
export interface CertificationStore {
  /** By target. */
  list(): Promise<readonly Certification[]>
  /** Keeps it in place of the earlier one of the same target. Durable when it resolves. */
  keep(made: Certification): Promise<void>
  /** Tells that something was kept, whoever did it, within seconds, until the listener has taken it over. One listener. */
  watch(listener: ChangeListener): void
  close(): Promise<void>
}
