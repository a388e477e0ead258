import type { Eventually } from '../../lib/eventually.ts'
import type { Claim, LimitStore, Standing } from './store.ts'

/** A store to test, and the hands of its clock. */
export interface LimitsUnderTest {
  readonly store: LimitStore
  readonly advance: (ms: number) => Eventually<void>
  /** Unix milliseconds as the store sees them. */
  readonly wall: () => number
}

export type OpenLimits = (leaseMs?: number) => Eventually<LimitsUnderTest>

export const WINDOW_MS = 60_000

export const sliding = (counter: string, amount: number, limit: number): Claim => ({
  kind: 'sliding',
  counter,
  amount,
  limit,
  windowMs: WINDOW_MS,
})

export const slot = (counter: string, limit: number): Claim => ({ kind: 'slot', counter, amount: 1, limit })

export interface Bounds {
  readonly start: number
  readonly end: number | undefined
}

export const period = (
  counter: string,
  amount: number,
  limit: number,
  { start, end }: Bounds = { start: 0, end: undefined },
): Claim => ({ kind: 'period', counter, amount, limit, start, end })

/** Takes the claims; a refusal fails the test. */
export async function acquired(store: LimitStore, id: string, claims: readonly Claim[]): Promise<readonly Standing[]> {
  const answer = await store.acquire(id, claims)
  if (!answer.granted) throw new Error(`refused: ${JSON.stringify(answer.refused)}`)
  return answer.standings
}
