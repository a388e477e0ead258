import type { FactsOf, RoutingSnapshot, TargetFacts } from '../../ir/snapshot.ts'
import { listWords, plural } from '../story-words.ts'
import { fine, warning, type Finding } from './finding.ts'

const MOST_NAMED = 10

/** What routing does not know of the targets that the configuration names. A mock has nothing to know. */
export function checkTargets({ targets, providers }: RoutingSnapshot, factsOf: FactsOf): Finding[] {
  const real = targets.filter(({ provider }) => providers.get(provider)?.type !== 'mock')
  const lacking = (isKnown: (facts: TargetFacts) => boolean): string[] =>
    real.filter((target) => !isKnown(factsOf(target))).map(({ id }) => id)
  const windows = lacking(({ contextWindow }) => contextWindow !== undefined)
  const prices = lacking(({ price }) => price !== undefined)
  if (real.length === 0) return [fine('targets', 'No target is named but those of the mock, of which nothing has to be known.')]
  if (windows.length + prices.length === 0)
    return [
      fine(
        'targets',
        `Window and price of ${real.length === 1 ? 'the target' : `all ${plural(real.length, 'target')}`} are known.`,
      ),
    ]
  return [
    ...(windows.length === 0
      ? []
      : [
          warning(
            'targets',
            `The context window of ${named(windows)} is not known, so a prompt that is too long is found out by the upstream alone.`,
            'Declare it as `providers[].capabilities.max_context_tokens`.',
          ),
        ]),
    ...(prices.length === 0
      ? []
      : [
          warning(
            'targets',
            `The price of ${named(prices)} is not known: costs are told as unknown, and price policies treat such targets by \`cost_unknown\`.`,
            'Set it with "switchback price set".',
          ),
        ]),
  ]
}

const named = (ids: readonly string[]): string =>
  listWords(ids.length <= MOST_NAMED ? ids : [...ids.slice(0, MOST_NAMED), plural(ids.length - MOST_NAMED, 'further target')])
