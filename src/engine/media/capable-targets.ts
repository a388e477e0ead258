import { predictLosses } from '../../catalog/predict-loss.ts'
import { kindsWithinOnly, type MediaKind } from '../../catalog/media-addresses.ts'
import type { Feature } from '../../ir/feature.ts'
import type { Principal } from '../../ir/principal.ts'
import type { RoutingSnapshot } from '../../ir/snapshot.ts'
import type { Target } from '../../ir/target.ts'

const MOST_NAMED = 3

/** Media that some formats have no place for, whatever it is: this can be foretold. */
export const FORETOLD_MEDIA: ReadonlySet<Feature> = new Set<Feature>([
  'part.audio',
  'part.video',
  'part.image_file',
  'part.document_file',
])

/** Media that would not arrive where it is lost: the model would answer another question. */
export const LOST_MEDIA: ReadonlySet<Feature> = new Set<Feature>([
  ...FORETOLD_MEDIA,
  'part.image_base64',
  'part.image_url',
  'part.document_base64',
  'part.document_url',
])

/** A sentence about who of the configuration could take what this target cannot; confined callers are told no names. */
export function whoTakes(
  snapshot: Pick<RoutingSnapshot, 'targets'>,
  principal: Principal,
  takes: (target: Target) => boolean,
): string {
  if (principal.allowed !== undefined) return 'Another model may take it.'
  const capable = snapshot.targets.filter(takes).map(({ id }) => id)
  if (capable.length === 0) return 'No other target of the configuration takes it.'
  const more = capable.length > MOST_NAMED ? ` and ${capable.length - MOST_NAMED} more` : ''
  return `Targets that take it: ${capable.slice(0, MOST_NAMED).join(', ')}${more}.`
}

/** Takes media of the kind by its address. */
export const takesAddress =
  (snapshot: Pick<RoutingSnapshot, 'providers'>, kind: MediaKind) =>
  ({ provider, format }: Target): boolean => {
    const sources = snapshot.providers.get(provider)?.capabilities.visionSources
    if (kind === 'image' && sources !== undefined && !sources.includes('remote_url')) return false
    return !kindsWithinOnly(format, sources).includes(kind) && carries(format, FEATURE_OF[kind])
  }

/** Has a place for what the feature names. */
export const carries = (format: Target['format'], feature: Feature): boolean =>
  predictLosses(new Set([feature]), format).length === 0

const FEATURE_OF = { image: 'part.image_url', document: 'part.document_url', audio: 'part.audio', video: 'part.video' } as const
