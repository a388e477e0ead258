import type { CandidateEvidence } from '../ir/decision-evidence.ts'
import type { TargetFacts, TargetPrice } from '../ir/snapshot.ts'
import { camelKeys } from '../lib/key-case.ts'

/** Two rates were all that records of earlier versions kept of a price. */
interface FormerPrice {
  readonly inputPerMillion: number
  readonly outputPerMillion: number
  readonly source?: string | undefined
}

/** Facts of a candidate as its record keeps them. */
export function recordedFacts(kept: CandidateEvidence['facts']): TargetFacts {
  const facts = camelKeys(kept) as Omit<TargetFacts, 'price'> & { readonly price?: TargetPrice | FormerPrice }
  const { price } = facts
  return { ...facts, price: price === undefined || 'rates' in price ? price : renewed(price) }
}

const renewed = ({ inputPerMillion, outputPerMillion, source }: FormerPrice): TargetPrice => ({
  rates: { input: inputPerMillion, output: outputPerMillion },
  contextTiers: [],
  source,
})
