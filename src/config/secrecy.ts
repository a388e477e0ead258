import type { ConfigPath } from './config-path.ts'

/** Keys whose values are secrets. They are never expanded early, never shown, never hashed. */
const SECRET_KEYS: ReadonlySet<string> = new Set([
  'api_key',
  'key',
  'inline',
  'token',
  'refresh',
  'secret',
  'client_secret',
  'password',
])

/** Keys that name an environment variable, or a secret in the vault. Shown only when the value looks like a name and not like a pasted key. */
const VARIABLE_KEY = /(^|_)(env|vault)$/

const lastKey = (path: ConfigPath): string | undefined => path.findLast((step) => typeof step === 'string')

/** Names of headers that carry credentials. */
export const isSecretHeader = (name: string): boolean => /auth|cookie|secret|token|key/i.test(name)

/** What a route asks for is policy, whatever its keys are called: it belongs into the hash of the configuration. */
const isMatch = (path: ConfigPath): boolean =>
  path[0] === 'routes' && path[2] === 'match' && !(path[3] === 'headers' && isSecretHeader(String(path[4])))

export const isSecretPath = (path: ConfigPath): boolean => {
  if (isMatch(path)) return false
  const key = lastKey(path)
  // Whoever knows the address of a webhook may write there.
  if (path[0] === 'alerts' && key === 'url') return true
  // The address of a proxy holds its password.
  if (path[0] === 'egress' && key === 'url') return true
  return (key !== undefined && SECRET_KEYS.has(key)) || path.includes('headers')
}

export const namesVariable = (path: ConfigPath): boolean => {
  if (isMatch(path)) return false
  const key = lastKey(path)
  return key !== undefined && VARIABLE_KEY.test(key)
}

/** Texts that may be a key somebody put into the wrong place. Errs on the side of hiding. */
export function looksSecret(text: string): boolean {
  if (
    /(^|[^a-z])(sk|pk|rk|gsk|xai|ghp|key|tok|token)[-_][a-z0-9_-]{8,}/i.test(text) ||
    /AIza|AGE-SECRET|-----BEGIN|bearer\s/i.test(text)
  )
    return true
  if (/[0-9a-f]{32,}/i.test(text) || /:[^\s]*@/.test(text)) return true
  return (text.match(/[A-Za-z0-9_-]{20,}/g) ?? []).some((run) => /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run))
}

/** The beginnings of keys that vendors issue, with as much behind them as no name has. */
const KEY_SHAPES: readonly RegExp[] = [
  /(^|[^a-z])(sk|pk|rk|gsk|xai|ghp|glpat|hf|pplx|sbk)[-_](?=[\w-]*\d)[\w-]{16,}/i,
  /AIza[\w-]{20,}|AKIA[A-Z0-9]{16}|AGE-SECRET-KEY|-----BEGIN|\bbearer\s+\S{8,}/i,
]

/** Whether a text holds a key that somebody pasted where names stand. Names of models and routes are long and mixed too, and are none. */
export const isKeyShaped = (text: string): boolean => KEY_SHAPES.some((shape) => shape.test(text))

const SECRET_VALUE = new RegExp(`\\b(${[...SECRET_KEYS].join('|')})(["']?\\s*:\\s*)(?!["']?\\$\\{)[^,}#\\s][^,}#]*`, 'g')

/** A line of a configuration file to be shown: the values of secrets are hidden, and all of it when something else might be one. */
export function withoutSecrets(line: string): string {
  const hidden = line.replace(SECRET_VALUE, '$1$2(hidden)')
  return looksSecret(hidden) ? `${/^.\s*/.exec(line)?.[0] ?? ''}(hidden: it looks like a secret)` : hidden
}

/** A text to be shown in messages: shortened, on one line, or hidden when it might be a secret. */
export function showText(text: string): string {
  if (looksSecret(text)) return '(hidden: it looks like a secret)'
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ')
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line)
}

/** The name of a variable, unless it looks like a key that was put in its place. */
export const showVariable = (name: string): string =>
  /^[A-Z][A-Z0-9_]*$/.test(name) && !looksSecret(name) ? name : 'the named variable (name hidden: it does not look like one)'

/** What stands at a place of the file, in a few words, without secrets. */
export function describeFound(value: unknown, path: ConfigPath): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'an empty value'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (isSecretPath(path) || namesVariable(path)) return `${typeof value === 'string' ? 'text' : `a ${typeof value}`} (hidden)`
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? showText(value) : JSON.stringify(value)
}
