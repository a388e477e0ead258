import type { ScoreProfile } from '../ir/snapshot.ts'

/** Lanes whose providers may look at, or learn from, what passes through them. */
const PUBLIC_LANES = ['free', 'promo', 'aggregator'] as const

/** The reference's profiles and their weights. `auto/private` scores nothing: it keeps the order and refuses the public lanes. */
export const BUILT_IN_PROFILES: ReadonlyMap<string, ScoreProfile> = new Map<string, ScoreProfile>([
  [
    'auto',
    {
      weights: { selection_rank: 0.1, health: 0.25, account_availability: 0.15, cost: 0.15, latency: 0.15, context_fit: 0.2 },
      denyLanes: [],
    },
  ],
  [
    'auto/cheap',
    { weights: { selection_rank: 0.05, health: 0.2, account_availability: 0.1, cost: 0.6, latency: 0.05 }, denyLanes: [] },
  ],
  [
    'auto/fast',
    {
      weights: { selection_rank: 0.05, health: 0.2, account_availability: 0.15, cost: 0.05, latency: 0.25, ttft: 0.3 },
      denyLanes: [],
    },
  ],
  [
    'auto/coding',
    {
      weights: {
        selection_rank: 0.05,
        health: 0.2,
        account_availability: 0.15,
        cost: 0.1,
        latency: 0.1,
        task_fit: 0.3,
        context_fit: 0.1,
      },
      denyLanes: [],
    },
  ],
  ['auto/private', { weights: {}, denyLanes: PUBLIC_LANES }],
  [
    'auto/large-context',
    {
      weights: { selection_rank: 0.05, health: 0.15, account_availability: 0.1, cost: 0.05, latency: 0.05, context_fit: 0.6 },
      denyLanes: [],
    },
  ],
  [
    'auto/judge',
    {
      weights: { selection_rank: 0.35, health: 0.25, account_availability: 0.15, cost: 0.05, latency: 0.05, context_fit: 0.15 },
      denyLanes: [],
    },
  ],
  [
    'auto/extract',
    {
      weights: { selection_rank: 0.1, health: 0.2, account_availability: 0.15, cost: 0.35, latency: 0.1, context_fit: 0.1 },
      denyLanes: [],
    },
  ],
])

/** Other names of profiles. */
export const PROFILE_ALIASES: ReadonlyMap<string, string> = new Map([
  ['auto/large_context', 'auto/large-context'],
  ['auto/critique', 'auto/judge'],
  ['auto/classify', 'auto/extract'],
])
