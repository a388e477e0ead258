import type { Offer } from '../../ir/endpoint.ts'
import type { RoutingSnapshot } from '../../ir/snapshot.ts'
import type { Asked } from '../asked.ts'
import type { Candidate } from '../candidate.ts'
import type { HardFilter } from './filter.types.ts'

/** Targets that are named to whoever asked one that cannot. */
const MOST_NAMED = 5

/** The call is for an endpoint that the target's provider does not offer. */
export const endpoint: HardFilter = {
  applies: ({ question }) => question.endpoint !== undefined,
  refuses: (candidate, asked) => missing(candidate, asked) !== undefined,
  reject: (candidate, asked) => {
    const { target } = candidate
    const offer = missing(candidate, asked) ?? 'embeddings'
    const others = offering(asked.snapshot, offer)
    const advice = others.length === 0 ? 'no configured target does' : `these do: ${others.join(', ')}`
    return {
      target_id: target.id,
      code: 'endpoint_unsupported',
      reason: `${WORDS[offer] ?? offer} were asked for and provider ${target.provider} does not offer them (${advice})`,
      evidence: { endpoint: offer, offered_by: others },
    }
  },
}

const WORDS: Readonly<Partial<Record<Offer, string>>> = {
  token_embeddings: 'embeddings of token numbers',
  completions: 'legacy completions',
  speech: 'spoken answers',
  rerank: 'rankings',
  passthrough: 'addresses of its own',
}

function missing({ target }: Candidate, { snapshot, question }: Asked): Offer | undefined {
  const offers = snapshot.providers.get(target.provider)?.offers
  return question.endpoint?.offers.find((offer) => offers?.has(offer) !== true)
}

/** Targets of the configuration that could serve. */
function offering({ targets, providers }: RoutingSnapshot, offer: Offer): string[] {
  const found: string[] = []
  for (const { id, provider } of targets) {
    if (found.length === MOST_NAMED) break
    if (providers.get(provider)?.offers.has(offer) === true) found.push(id)
  }
  return found
}
