import { RULES, type Column, type Outcome, type Rule } from './expected.data.ts'
import { WORLDS, type Place } from './world.ts'

/** An attempt the rules ask for, and the step they want after it; undefined after a success. */
export interface Step extends Place {
  readonly next: Rule['next'] | undefined
}

/** What the rules ask for in a column: the attempts in order. The last one tells whether the client is served. */
export function walk(outcome: Outcome, column: Column): Step[] {
  const { accounts, maxRetries, strikes } = WORLDS[column]
  const places = Object.entries(accounts).map(([provider, names]) => names.map((account): Place => ({ provider, account })))
  const steps: Step[] = []
  let target = 0
  let account = 0
  let retries = 0
  for (;;) {
    const place = places[target]?.[account]
    if (place === undefined) return steps
    const isStruck = outcome.code !== undefined && strikes(place, steps.length)
    if (!isStruck) return [...steps, { ...place, next: undefined }]
    const next = stepAfter(outcome, retries < maxRetries)
    steps.push({ ...place, next })
    if (next === 'stop') return steps
    if (next === 'retry') retries++
    else {
      retries = 0
      const isNextAccount = next === 'next-account' && places[target]?.[account + 1] !== undefined
      account = isNextAccount ? account + 1 : 0
      if (!isNextAccount) target++
    }
  }
}

/** A retry is worth another account once there are no more of them; what a client has begun to read is never continued elsewhere. */
function stepAfter({ code, inBand }: Outcome, canRetry: boolean): Rule['next'] {
  const next = inBand === true || code === undefined ? 'stop' : RULES[code].next
  return next === 'retry' && !canRetry ? 'next-account' : next
}
