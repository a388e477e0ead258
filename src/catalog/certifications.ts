import type { TargetId } from '../ir/ids.ts'

/** Days of certification by target, such as `2026-01-31`. */
export type CertifiedDays = ReadonlyMap<string, string>

/** Which targets have been certified, in memory. */
export class Certifications {
  /** Another number whenever something has changed. */
  generation = 0
  private days: CertifiedDays

  constructor(days: CertifiedDays = new Map()) {
    this.days = days
  }

  dayOf(target: TargetId): string | undefined {
    return this.days.get(target)
  }

  replace(days: CertifiedDays): void {
    this.days = days
    this.generation++
  }
}
