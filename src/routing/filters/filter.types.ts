import type { Rejection } from '../../ir/decision.ts'
import type { Asked } from '../asked.ts'
import type { Candidate } from '../candidate.ts'

/** A reason to refuse a candidate outright. Unknown facts pass unless a policy says otherwise. */
export interface HardFilter {
  /** Whether it could refuse anybody; asked once for each decision. */
  applies(asked: Asked): boolean
  refuses(candidate: Candidate, asked: Asked): boolean
  /** Why, for a candidate it refuses. Off the response path. */
  reject(candidate: Candidate, asked: Asked): Rejection
}
