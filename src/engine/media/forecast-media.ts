import { predictLosses } from '../../catalog/predict-loss.ts'
import type { MediaForecast } from '../../ir/decision.ts'
import type { Decided } from '../execution-deps.ts'
import type { Call } from '../engine.ts'
import { FORETOLD_MEDIA } from './capable-targets.ts'
import type { MediaStep } from './media-step.ts'

/** What the targets of a plan would do with media that cannot go to them as it is; targets without any are left out. */
export function forecastMedia(
  call: Pick<Call, 'codec' | 'request'>,
  { plan, revision, route, question }: Decided,
  step: Pick<MediaStep, 'wanted'> | undefined,
): MediaForecast[] {
  return plan.targets.flatMap((target) => {
    const provider = revision.providers.get(target.provider)
    const wanted = provider === undefined ? undefined : step?.wanted({ call, provider, target, revision })
    const isTranslated = target.format !== call.codec.format
    const lost = isTranslated && route.translation !== 'allow' ? predictLosses(question.features(), target.format) : []
    const refused = lost.filter((feature) => FORETOLD_MEDIA.has(feature))
    const inlined = wanted?.map(({ path }) => path ?? '') ?? []
    return inlined.length + refused.length === 0 ? [] : [{ target_id: target.id, inlined, refused }]
  })
}
