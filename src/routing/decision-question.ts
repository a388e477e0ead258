import type { Feature } from '../ir/feature.ts'
import type { WireFormat } from '../ir/wire-format.ts'

/** What a decision is made from, besides the snapshot. */
export interface DecisionQuestion {
  readonly model: string
  readonly clientFormat: WireFormat
  readonly stream: boolean
  readonly estimatedInputTokens: number
  readonly maxOutputTokens: number | undefined
  /** Features the request uses; asked for only when a filter needs them. */
  readonly features: () => ReadonlySet<Feature>
}
