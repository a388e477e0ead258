import type { TargetId } from '../ir/ids.ts'
import type { CertificationLapse } from '../ir/snapshot.ts'

/** What is remembered of a target that passed. */
export interface CertifiedTarget {
  /** Unix ms. */
  readonly at: number
  /** `ProviderFacts.endpoint` of what was asked; undefined when nobody noted it. */
  readonly endpoint: string | undefined
}

export type CertifiedTargets = ReadonlyMap<string, CertifiedTarget>

/** What a certification has to hold up against. */
export interface CertificationTerms {
  /** Unix ms. */
  readonly now: number
  /** Undefined when none grows too old. */
  readonly maxAgeMs: number | undefined
  /** Of the target's provider now; undefined when it is not known. */
  readonly endpoint: string | undefined
}

/** Whether a target is certified: the day such as `2026-01-31`, or that of a certification that holds no longer and why. */
export interface CertificationStanding {
  readonly certified?: string
  readonly lapsed?: CertificationLapse
}

const NEVER: CertificationStanding = {}

/** Which targets have been certified, in memory. */
export class Certifications {
  /** Another number whenever something has changed. */
  generation = 0
  private targets: CertifiedTargets

  constructor(targets: CertifiedTargets = new Map()) {
    this.targets = targets
  }

  standingOf(target: TargetId, { now, maxAgeMs, endpoint }: CertificationTerms): CertificationStanding {
    const found = this.targets.get(target)
    if (found === undefined || Number.isNaN(found.at)) return NEVER
    const day = new Date(found.at).toISOString().slice(0, 10)
    if (found.endpoint !== undefined && endpoint !== undefined && found.endpoint !== endpoint)
      return { lapsed: { day, cause: 'endpoint' } }
    if (maxAgeMs !== undefined && now - found.at > maxAgeMs) return { lapsed: { day, cause: 'age' } }
    return { certified: day }
  }

  replace(targets: CertifiedTargets): void {
    this.targets = targets
    this.generation++
  }
}
