import type { CircuitChange, ProbeChange } from './store.ts'

/** Reads a change that another replica has announced so many ms ago; undefined when it cannot be understood or is over. */
export function readCircuitChange(value: Readonly<Record<string, unknown>>, ageMs: number): CircuitChange | undefined {
  const { openMs } = value
  const subject = subjectOf(value)
  if (subject === undefined) return undefined
  if (openMs === undefined) return { ...subject, openMs }
  if (typeof openMs !== 'number' || !Number.isFinite(openMs) || openMs <= ageMs) return undefined
  return { ...subject, openMs: openMs - ageMs }
}

/** The same of a probe. */
export function readProbeChange(value: Readonly<Record<string, unknown>>): ProbeChange | undefined {
  const subject = subjectOf(value)
  return subject === undefined || typeof value['isOut'] !== 'boolean' ? undefined : { ...subject, isOut: value['isOut'] }
}

function subjectOf({ scope, id }: Readonly<Record<string, unknown>>): Pick<CircuitChange, 'scope' | 'id'> | undefined {
  if ((scope !== 'target' && scope !== 'provider') || typeof id !== 'string' || id === '') return undefined
  return scope === 'target' && !(id.indexOf('/') > 0) ? undefined : { scope, id }
}
