import type { Probe } from '../probe.types.ts'

/** Endpoints beside that of answers. */
export const COUNTING_PROBES: readonly Probe[] = [
  {
    id: 'counting.models',
    group: 'counting',
    kind: 'models',
    about: 'The list of models can be had.',
    liveness: true,
  },
  {
    id: 'counting.tokens',
    group: 'counting',
    kind: 'count-tokens',
    about: 'Tokens are counted, and more of them for a longer text.',
    texts: ['One two three.', 'One two three four five six seven eight nine ten eleven twelve.'],
  },
]
