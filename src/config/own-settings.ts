import { isObject, type JsonObject } from '../ir/json.ts'
import type { ConfigPath } from './config-path.ts'

/**
 * What belongs to one gateway and its machine: how it listens, and where its state, its ledger and its vault are. It is read from the
 * gateway's own configuration also where another one is published for all.
 */
const OWN_SETTINGS: readonly (readonly string[])[] = [
  ['server', 'bind'],
  ['server', 'tls'],
  ['server', 'workers'],
  ['server', 'idempotency'],
  ['state'],
  ['ledger'],
  ['vault'],
]

export const isOwnSetting = (path: ConfigPath): boolean =>
  OWN_SETTINGS.some((own) => own.every((key, index) => path[index] === key))

/** A published configuration with what belongs to one gateway taken from its own. Both are plain data. */
export function withOwnSettings(published: unknown, own: unknown): unknown {
  if (!isObject(published)) return published
  const merged: JsonObject = { ...published }
  for (const [section, key] of OWN_SETTINGS) {
    if (section === undefined) continue
    const mine = isObject(own) ? own[section] : undefined
    if (key === undefined) put(merged, section, mine)
    else {
      const theirs = merged[section] ?? {}
      // What is no mapping is told as a mistake of the published one.
      if (!isObject(theirs)) continue
      const inner = { ...theirs }
      put(inner, key, isObject(mine) ? mine[key] : undefined)
      merged[section] = inner
    }
  }
  return merged
}

function put(target: JsonObject, key: string, value: unknown): void {
  if (value === undefined) delete target[key]
  else target[key] = value
}
