import { createHash } from 'node:crypto'
import { isObject, type JsonObject } from '../ir/json.ts'
import { canonicalJson } from '../lib/canonical-json.ts'
import { Secret } from '../lib/secret.ts'
import { isSingleReference } from './env-references.ts'
import type { ConfigPath } from './config-path.ts'
import { withOwnSettings } from './own-settings.ts'
import type { Config } from './schema.ts'
import { isSecretPath } from './secrecy.ts'

const REDACTED = '[redacted]'

/**
 * The configuration for showing: names of variables stay, secrets, header values, hashes of keys and queries of addresses do not.
 */
export function redactedConfig(config: Config): JsonObject {
  const redacted = redact(config, [])
  return isObject(redacted) ? redacted : {}
}

/**
 * `sha256:` of the effective configuration without secrets and without what is each gateway's own; independent of the order of keys and of
 * comments.
 */
export const configHash = (config: Config): string => digestOf(withOwnSettings(redactedConfig(config), {}))

/** `sha256:` of plain data, independent of the order of keys. */
export const digestOf = (data: unknown): string => `sha256:${createHash('sha256').update(canonicalJson(data)).digest('hex')}`

function redact(value: unknown, path: ConfigPath): unknown {
  if (value instanceof Secret)
    return isSingleReference(value.reveal()) ? value.reveal().replace(/:-[^}]*\}$/, `:-${REDACTED}}`) : REDACTED
  if (Array.isArray(value)) return value.map((item: unknown, index) => redact(item, [...path, index]))
  if (isObject(value)) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
    return Object.fromEntries(entries.map(([key, inner]) => [key, redact(inner, [...path, key])]))
  }
  if (typeof value !== 'string') return value
  if (path.at(-1) === 'key_hash') return `sha256:${REDACTED}`
  return isSecretPath(path) ? REDACTED : withoutCredentials(value)
}

/** Addresses may hold user and password, and keys in their query. */
const withoutCredentials = (text: string): string =>
  text.replace(/(:\/\/[^?#]*\?).*/s, `$1${REDACTED}`).replace(/(:\/\/)[^/?#\s]*@/g, `$1${REDACTED}@`)
