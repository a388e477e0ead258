import { predictLosses } from '../../catalog/predict-loss.ts'
import type { Feature } from '../../ir/feature.ts'
import type { Asked } from '../asked.ts'
import type { Candidate } from '../candidate.ts'
import type { HardFilter } from './filter.types.ts'

const NONE: ReadonlySet<Feature> = new Set()

/** A strict route refuses what would lose something on the way. The same format loses nothing, and housekeeping is no loss. */
export const translation: HardFilter = {
  applies: ({ route }) => route.translation === 'strict',
  refuses: (candidate, asked) => losses(candidate, asked).length > 0,
  reject: (candidate, asked) => {
    const { target } = candidate
    const lost = losses(candidate, asked)
    return {
      target_id: target.id,
      code: 'translation_loss',
      reason: `translating to ${target.format} would lose ${lost.join(', ')} and the route is strict`,
      evidence: { losses: lost, format: target.format },
    }
  },
}

function losses({ target }: Candidate, { question }: Asked): Feature[] {
  if (target.format === question.clientFormat) return []
  const harmless = question.housekeeping?.() ?? NONE
  return predictLosses(question.features(), target.format).filter((feature) => !harmless.has(feature))
}
