import type { Asked } from '../asked.ts'
import { allowedAccounts, allowedProviders, availability, certification } from './availability.ts'
import { capabilities, formats, visionSources } from './capabilities.ts'
import { endpoint } from './endpoint.ts'
import type { HardFilter } from './filter.types.ts'
import { limits } from './limits.ts'
import { overLimit } from './over-limit.ts'
import { lanes, price } from './policy.ts'
import { stateElsewhere } from './state-elsewhere.ts'
import { translation } from './translation.ts'

/** In the order in which they are asked: the first that refuses gives the reason. The dearest comes last. */
const HARD_FILTERS: readonly HardFilter[] = [
  stateElsewhere,
  endpoint,
  availability,
  allowedProviders,
  allowedAccounts,
  overLimit,
  capabilities,
  visionSources,
  formats,
  limits,
  lanes,
  price,
  certification,
  translation,
]

/** The filters that could refuse anybody here. */
export const activeFilters = (asked: Asked): readonly HardFilter[] => HARD_FILTERS.filter((filter) => filter.applies(asked))
