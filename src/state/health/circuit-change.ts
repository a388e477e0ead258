import type { CircuitChange } from './store.ts'

/** Reads a change that another replica has announced so many ms ago; undefined when it cannot be understood or is over. */
export function readCircuitChange(value: Readonly<Record<string, unknown>>, ageMs: number): CircuitChange | undefined {
  const { scope, id, openMs } = value
  if ((scope !== 'target' && scope !== 'provider') || typeof id !== 'string' || id === '') return undefined
  if (scope === 'target' && !(id.indexOf('/') > 0)) return undefined
  if (openMs === undefined) return { scope, id, openMs }
  if (typeof openMs !== 'number' || !Number.isFinite(openMs) || openMs <= ageMs) return undefined
  return { scope, id, openMs: openMs - ageMs }
}
