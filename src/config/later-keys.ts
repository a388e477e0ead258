import { isObject } from '../ir/json.ts'
import type { ConfigPath } from './config-path.ts'
import type { ConfigNotes } from './problem.ts'
import { LATER_KEYS, type LaterKey } from './later-keys.data.ts'
import { withoutPaths } from './value-at.ts'

/**
 * Takes the keys of features this version does not have out of the document, so that configurations written for them can be used.
 * Each is named in a warning; a key whose silent absence would be unsafe (a limit, a restriction, a detour) is a problem instead.
 */
export function setAsideLaterKeys(document: unknown, notes: ConfigNotes): unknown {
  const found: ConfigPath[] = []
  for (const later of LATER_KEYS) {
    for (const { path, value } of matches(document, later.path)) {
      found.push(path)
      if (isNothing(value) || later.harmless?.(value) === true) continue
      if (later.refuse === undefined) {
        const hint = later.hint === undefined ? '' : ` ${later.hint}`
        notes.warning(path, `This version does not support this key; it is ignored.${hint}`, { atKey: true })
      } else {
        notes.problem(path, `This version does not support this key, and ${later.refuse}. Remove it to go on without.`, {
          atKey: true,
        })
      }
    }
  }
  return found.length === 0 ? document : withoutPaths(document, found)
}

interface Match {
  readonly path: ConfigPath
  readonly value: unknown
}

/** Every place of the document that a pattern such as `providers[].egress` names. */
function matches(document: unknown, pattern: LaterKey['path']): Match[] {
  let current: Match[] = [{ path: [], value: document }]
  for (const step of pattern.split('.')) {
    const isList = step.endsWith('[]')
    const key = isList ? step.slice(0, -2) : step
    current = current.flatMap(({ path, value }) => {
      if (!isObject(value) || !Object.hasOwn(value, key)) return []
      const inner = value[key]
      if (!isList) return [{ path: [...path, key], value: inner }]
      return Array.isArray(inner) ? inner.map((item: unknown, index) => ({ path: [...path, key, index], value: item })) : []
    })
  }
  return current
}

const isNothing = (value: unknown): boolean =>
  value === null || (Array.isArray(value) && value.length === 0) || (isObject(value) && Object.keys(value).length === 0)
