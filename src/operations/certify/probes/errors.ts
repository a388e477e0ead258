import { refuses } from '../expectations.ts'
import { exactly, user } from '../probe-parts.ts'
import type { CallProbe, Probe } from '../probe.types.ts'

const PONG = { messages: [exactly('pong')] }
const BASE = { group: 'errors', kind: 'call', request: PONG } as const

const inBothManners = (probe: Omit<CallProbe, 'stream'>): readonly Probe[] => [
  { ...probe, stream: false },
  { ...probe, id: `${probe.id}.stream`, about: `${probe.about} (streamed)`, stream: true },
]

/** Refusals, which decide what is tried next and what a client shows. */
export const ERROR_PROBES: readonly Probe[] = [
  ...inBothManners({
    ...BASE,
    id: 'errors.key',
    about: 'A wrong key is refused as one.',
    spoil: 'key',
    expects: [refuses('upstream_authentication', 'upstream_permission')],
  }),
  ...inBothManners({
    ...BASE,
    id: 'errors.model',
    about: 'A model that nobody has is refused as one.',
    unknownModel: true,
    expects: [refuses('upstream_model_not_found')],
  }),
  {
    ...BASE,
    id: 'errors.json',
    about: 'A body that is no JSON is refused as a mistake of the client.',
    stream: false,
    spoil: 'json',
    expects: [refuses('upstream_invalid_request')],
  },
  {
    ...BASE,
    id: 'errors.value',
    about: 'A value that makes no sense is refused as a mistake of the client.',
    stream: false,
    request: { messages: [user('hi')], sampling: { temperature: -5 } },
    expects: [refuses('upstream_invalid_request')],
  },
]
