import {
  answers,
  ends,
  keepsCharacters,
  says,
  saysNot,
  saysSomething,
  staysWithin,
  streamsText,
  tellsUsage,
  closesBlocks,
} from '../expectations.ts'
import { assistant, both, exactly, system, once, user } from '../probe-parts.ts'
import type { Probe } from '../probe.types.ts'

const MANY_TURNS = Array.from({ length: 10 }, (_unused, index) => [user(`Remember: ${index}.`), assistant('Noted.')]).flat()

/** Answers in words, and what a client steers them with. */
export const TEXT_PROBES: readonly Probe[] = [
  ...both({
    id: 'text.answer',
    group: 'text',
    about: 'A question is answered, and the answer tells what it used.',
    liveness: true,
    request: { messages: [exactly('pong')] },
    expects: [answers, saysSomething, ends('stop'), tellsUsage],
  }),
  ...both({
    id: 'text.system',
    group: 'text',
    about: 'Instructions of the system are followed.',
    request: {
      messages: [
        system('Whatever you are asked, reply with exactly this and nothing else: zebra'),
        user('What is the capital of France?'),
      ],
    },
    expects: [answers, says(/zebra/i)],
  }),
  once({
    id: 'text.developer',
    group: 'text',
    about: 'Instructions of the developer are followed.',
    request: {
      messages: [
        {
          role: 'developer',
          content: [{ type: 'text', text: 'Whatever you are asked, reply with exactly this and nothing else: zebra' }],
        },
        user('What is the capital of France?'),
      ],
    },
    expects: [answers, says(/zebra/i)],
  }),
  ...both({
    id: 'text.turns',
    group: 'text',
    about: 'Earlier turns are known.',
    request: { messages: [user('The code word is mango.'), assistant('Noted.'), user('Reply with the code word.')] },
    expects: [answers, says(/mango/i)],
  }),
  once({
    id: 'text.many-turns',
    group: 'text',
    about: 'Twenty earlier turns are taken.',
    request: {
      messages: [user('The code word is mango.'), assistant('Noted.'), ...MANY_TURNS, user('Reply with the code word.')],
    },
    expects: [answers, says(/mango/i)],
  }),
  ...both(
    {
      id: 'text.unicode',
      group: 'text',
      about: 'Characters beyond ASCII go there and come back whole.',
      request: { messages: [exactly('Grüße 你好 🌍🚀 naïve')] },
      expects: [answers, keepsCharacters, says(/你好.*🌍🚀/u)],
    },
    [closesBlocks],
  ),
  once({
    id: 'text.sampling',
    group: 'text',
    about: 'A temperature of 0 is taken.',
    request: { messages: [exactly('pong')], sampling: { temperature: 0 } },
    expects: [answers, saysSomething],
  }),
  ...both({
    id: 'limits.tokens',
    group: 'limits',
    about: 'An answer ends at the number of tokens it is allowed, and says so.',
    request: { messages: [user('Count from 1 to 200, one number a line.')], maxOutputTokens: 32 },
    expects: [answers, ends('length'), staysWithin(36)],
  }),
  ...both({
    id: 'limits.stop',
    group: 'limits',
    about: 'An answer ends at a stop sequence.',
    request: { messages: [exactly('alpha beta gamma')], sampling: { stop: ['beta'] } },
    expects: [answers, saysNot(/beta/)],
  }),
  ...both(
    {
      id: 'limits.long',
      group: 'limits',
      about: 'A long answer arrives whole.',
      request: { messages: [user('Count from 1 to 200, one number a line. Write nothing else.')], maxOutputTokens: 2_000 },
      expects: [answers, ends('stop'), says(/\b1\b[\s\S]*\b199\b\s*200\b/)],
    },
    [streamsText],
  ),
]
