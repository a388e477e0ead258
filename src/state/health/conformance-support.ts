import type { ErrorCategory } from '../../errors/codes.ts'
import { asProviderId, targetIdOf } from '../../ir/ids.ts'
import type { Target } from '../../ir/target.ts'
import { DEFAULT_SETTINGS } from './settings.ts'
import type { CallOutcome, HealthSettings, HealthStore, Permit } from './store.ts'

/** A store to test, and the hands of its clock. */
export interface HealthUnderTest {
  readonly store: HealthStore
  readonly advance: (ms: number) => void
}

export type Open = (settings: HealthSettings) => HealthUnderTest

export const targetOf = (provider: string, model: string): Target => ({
  id: targetIdOf(provider, model),
  provider: asProviderId(provider),
  model,
  format: 'openai',
})
export const A = targetOf('p', 'a')
export const B = targetOf('p', 'b')
export const ELSEWHERE = targetOf('q', 'a')

export const SETTINGS: HealthSettings = {
  ...DEFAULT_SETTINGS,
  circuit: { enabled: true, failureThreshold: 3, openMs: 1_000 },
  providers: new Set([A.provider, ELSEWHERE.provider]),
}
/** At most so many calls at once to each target of the first provider. */
export const limitedTo = (limit: number): HealthSettings => ({ ...SETTINGS, maxConcurrency: new Map([[A.provider, limit]]) })

export const SUCCESS: CallOutcome = { kind: 'success', streamed: true, ttftMs: 50, totalMs: 400 }
export const failure = (category: ErrorCategory): CallOutcome => ({ kind: 'failure', category, streamed: false, totalMs: 10 })

export function admitted(store: HealthStore, target: Target): Permit {
  const permit = store.admit(target)
  if (!permit.admitted) throw new Error(`refused: ${permit.code}`)
  return permit
}

export function fail(store: HealthStore, target: Target, category: ErrorCategory, times: number): void {
  for (let time = 0; time < times; time++) admitted(store, target).settle(failure(category))
}
