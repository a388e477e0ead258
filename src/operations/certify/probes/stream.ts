import { answers, begins, closesBlocks, streamsText, tellsUsage, textOf } from '../expectations.ts'
import { exactly, user } from '../probe-parts.ts'
import type { Probe } from '../probe.types.ts'

const COUNT = { messages: [user('Count from 1 to 50, one number a line. Write nothing else.')] }
const PONG = { messages: [exactly('pong')] }

/** What only streams have, and what streams and whole answers have to agree on. */
export const STREAM_PROBES: readonly Probe[] = [
  {
    id: 'stream.pieces',
    group: 'stream',
    kind: 'call',
    about: 'Text comes as it is written.',
    liveness: true,
    stream: true,
    request: COUNT,
    expects: [answers, streamsText],
  },
  {
    id: 'stream.usage',
    group: 'stream',
    kind: 'call',
    about: 'A stream tells what it used.',
    stream: true,
    request: { ...PONG, includeUsage: true },
    expects: [answers, tellsUsage],
  },
  {
    id: 'stream.blocks',
    group: 'stream',
    kind: 'call',
    about: 'Every part of a stream that is begun is ended, and so is the stream.',
    stream: true,
    request: COUNT,
    expects: [answers, closesBlocks],
  },
  {
    id: 'stream.same-usage',
    group: 'stream',
    kind: 'comparing',
    about: 'A prompt counts the same tokens streamed and whole.',
    calls: [
      { stream: false, request: PONG },
      { stream: true, request: PONG },
    ],
    expects([whole, streamed]) {
      const failure = whole?.error ?? streamed?.error
      if (failure !== undefined) return failure.message
      const counts = [whole, streamed].map((seen) => seen?.response.usage?.inputTokens)
      return counts[0] !== undefined && counts[0] === counts[1]
        ? undefined
        : 'The same prompt counts other tokens when it is streamed.'
    },
  },
  {
    id: 'stream.cancel',
    group: 'stream',
    kind: 'comparing',
    about: 'A stream that its client leaves is let go, and the next call is served.',
    calls: [
      { stream: true, request: COUNT, leaves: true },
      { stream: false, request: PONG },
    ],
    expects: ([left, next]) => (left === undefined ? undefined : begins(left)) ?? next?.error?.message,
  },
  {
    id: 'stream.at-once',
    group: 'stream',
    kind: 'comparing',
    about: 'Two streams at once do not mix.',
    atOnce: true,
    calls: [
      { stream: true, request: { messages: [exactly('alpha')] } },
      { stream: true, request: { messages: [exactly('omega')] } },
    ],
    expects([first, second]) {
      const failure = first?.error ?? second?.error
      if (failure !== undefined) return failure.message
      const texts = [first, second].map((seen) => (seen === undefined ? '' : textOf(seen)))
      return /alpha/i.test(texts[0] ?? '') && /omega/i.test(texts[1] ?? '')
        ? undefined
        : 'Two answers at once are not told apart.'
    },
  },
]
