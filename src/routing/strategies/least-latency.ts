import type { Candidate } from '../candidate.ts'
import { orderBy } from '../order-by.ts'
import type { Strategy, StrategyInput } from './strategy.types.ts'

/**
 * The quickest first: time to the first token for streams, total time otherwise. A target that was never measured has to be tried to be
 * known, but not by everybody at once: the first such one that serves no call now goes to the front and explores; the others wait
 * behind all that are measured. As soon as its call is under way, the next call goes to the quickest again.
 */
export const leastLatency: Strategy = {
  start: undefined,
  step(_state, input) {
    const { candidates, tieBreakSamples } = input
    const explorer = explorerOf(input)
    const measured = orderBy(
      explorer === undefined ? candidates : candidates.filter((candidate) => candidate !== explorer),
      (candidate) => measure(candidate, input),
      tieBreakSamples,
    )
    return { decide: explorer === undefined ? measured : [explorer, ...measured] }
  },
  explain([first], input) {
    const name = input.question.stream ? 'ttft' : 'latency'
    const value = first === undefined ? undefined : measure(first, input)
    if (value === undefined) return `least_latency: exploring=${first?.target.id} ${name}=unmeasured`
    return `least_latency: fastest=${first?.target.id} ${name}=${Math.round(value)}ms`
  },
}

const measure = ({ observed }: Candidate, { question }: StrategyInput): number | undefined =>
  question.stream ? observed.ttftMs : observed.totalMs

const explorerOf = (input: StrategyInput): Candidate | undefined =>
  input.candidates.find((candidate) => measure(candidate, input) === undefined && candidate.observed.inFlight === 0)
