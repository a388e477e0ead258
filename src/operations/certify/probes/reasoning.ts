import type { LlmResponse } from '../../../ir/response.ts'
import { answers, callsOf, reasons, says, saysSomething } from '../expectations.ts'
import { both, result, turn, user, WEATHER } from '../probe-parts.ts'
import type { Probe, ProbeRequest } from '../probe.types.ts'

const RIDDLE = user(
  'A bat and a ball cost 1.10 together; the bat costs 1.00 more than the ball. What does the ball cost? Think first.',
)
const ASK = user('What is the weather in Paris? Use the tool.')
const THINKING = { reasoning: { mode: 'enabled', effort: 'low', budgetTokens: 1_024 }, maxOutputTokens: 4_096 } as const

/** The same conversation, with the model's own reasoning in it. */
function goesOn({ choices }: LlmResponse): ProbeRequest | undefined {
  const content = choices[0]?.content ?? []
  return content.length === 0
    ? undefined
    : { ...THINKING, messages: [RIDDLE, turn(...content), user('Reply with exactly this and nothing else: pong')] }
}

/** A call with its reasoning goes back with what the tool gave; some refuse it when the reasoning is missing or changed. */
function withResult({ choices }: LlmResponse): ProbeRequest | undefined {
  const calls = callsOf({ response: { choices } })
  if (calls.length === 0) return undefined
  return {
    ...THINKING,
    messages: [ASK, turn(...(choices[0]?.content ?? [])), ...calls.map(({ id, name }) => result(id, name, '17 degrees'))],
    tools: [WEATHER],
  }
}

const WANTS = { group: 'reasoning', wants: 'reasoning' } as const

/** Models that think before they answer. */
export const REASONING_PROBES: readonly Probe[] = [
  ...both({
    id: 'reasoning.told',
    ...WANTS,
    about: 'Reasoning, or what it cost, is told.',
    request: { ...THINKING, messages: [RIDDLE] },
    expects: [answers, saysSomething, reasons],
  }),
  ...both({
    id: 'reasoning.replay',
    ...WANTS,
    about: "The model's own reasoning goes back to it.",
    request: { ...THINKING, messages: [RIDDLE] },
    next: goesOn,
    expects: [answers, saysSomething],
  }),
  ...both({
    id: 'reasoning.tools',
    ...WANTS,
    about: 'Reasoning before a call goes back with what the tool gave.',
    request: { ...THINKING, messages: [ASK], tools: [WEATHER] },
    next: withResult,
    expects: [answers, says(/17/)],
  }),
]
