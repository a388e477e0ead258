import { isObject, type JsonObject } from '../ir/json.ts'
import type { Environment } from './env.ts'
import { expandReferences, isSingleReference } from './env-references.ts'
import { typesAt } from './json-schema.ts'
import type { ConfigPath } from './config-path.ts'
import type { ConfigNotes } from './problem.ts'
import { isSecretPath, namesVariable, showVariable } from './secrecy.ts'

interface Expander {
  readonly env: Environment
  /** Only read where a reference stands for a whole value: making it costs more than the rest of loading. */
  readonly schema: JsonObject
  readonly notes: ConfigNotes
}

/**
 * A copy of the document with references to the environment replaced and `format` in lower case. Secrets are left as written: they
 * are resolved where they are used, so that the configuration never holds their values. Keys that could reach a prototype are refused.
 */
export function expandDocument(document: unknown, expander: Expander, path: ConfigPath = []): unknown {
  if (typeof document === 'string') return expandText(document, path, expander)
  if (Array.isArray(document)) return document.map((item: unknown, index) => expandDocument(item, expander, [...path, index]))
  if (!isObject(document)) return document
  const copy: JsonObject = {}
  for (const [key, value] of Object.entries(document)) {
    const at = [...path, key]
    if (key === '__proto__') expander.notes.problem(at, 'A key called __proto__ is never valid. Remove it.', { atKey: true })
    else copy[key] = expandDocument(value, expander, at)
  }
  return copy
}

function expandText(text: string, path: ConfigPath, expander: Expander): unknown {
  const { env, notes } = expander
  if ((isSecretPath(path) && !path.includes('headers')) || namesVariable(path)) return text
  const { text: expanded, missing, malformed } = expandReferences(text, env)
  if (malformed)
    notes.problem(path, 'A `${` here is no reference. Write `${NAME}` or `${NAME:-default}`, and `$${` for a plain `${`.')
  if (missing.length > 0) {
    const names = missing.map(showVariable).join(', ')
    notes.problem(
      path,
      `The environment variable ${names} is not set and the reference has no default. Set it, or write \`\${NAME:-default}\`.`,
    )
  }
  if (path.length === 3 && path[0] === 'providers' && path[2] === 'format') return expanded.toLowerCase()
  return isSingleReference(text) && missing.length === 0 ? asTyped(expanded, typesAt(expander.schema, path)) : expanded
}

/** A reference may stand for a number or a truth value where no text is wanted. */
function asTyped(text: string, types: ReadonlySet<unknown>): unknown {
  if (types.has('string')) return text
  if ((types.has('integer') || types.has('number')) && /^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return types.has('null') && (text === 'null' || text === '') ? null : text
}
