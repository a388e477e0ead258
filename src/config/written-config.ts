import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, Parser, stringify, type Document, type Scalar } from 'yaml'
import { isObject } from '../ir/json.ts'
import type { RevisionSource } from '../ir/revision.ts'
import type { ConfigPath } from './config-path.ts'
import { isOwnSetting } from './own-settings.ts'
import { formatPath } from './problem.ts'
import { isKeyShaped, isSecretHeader, isSecretPath, looksSecret, namesVariable, withoutSecrets } from './secrecy.ts'

/** A secret that stands in a configuration in plain. */
export interface PlainSecret {
  /** As `providers[0].api_key`. */
  readonly path: string
  /** From 1. */
  readonly line: number
}

/** A configuration as it was written, with `[redacted]` in the places of secrets. */
export interface WrittenConfig {
  readonly document: string
  /** What was left out and a gateway would miss. What is each gateway's own is not among it. */
  readonly secrets: readonly PlainSecret[]
}

/** What a configuration was made of. */
export interface WrittenSource {
  readonly kind: RevisionSource
  /** Makes it anew each time: a gateway asks once for each configuration. */
  readonly read: () => WrittenConfig
}

const REDACTED = '"[redacted]"'

interface Cut {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** Values of headers: all of them are secret, or only those whose name or value looks like it. */
export type HeaderSecrecy = 'all' | 'telling'

/**
 * The text of a configuration without its secrets: values that are keys, tokens and passwords, of headers, addresses with credentials in them, and
 * comments that look like one. References to the environment and names in a vault stay. `text` has to be valid YAML. What somebody means to give to
 * all gateways may hold headers that are not `telling`; of what is kept without being asked for, all are taken for secret.
 */
export function withoutPlainSecrets(text: string, headers: HeaderSecrecy = 'all'): WrittenConfig {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent' })
  const cuts = new Map<number, Cut>()
  const secrets: PlainSecret[] = []
  eachScalar(document, (scalar, path) => {
    if (!holdsSecret(scalar.value, path, headers)) return
    const [from, to] = scalar.range ?? [0, 0]
    // A text in a block ends with its last line, and what takes its place has to.
    cuts.set(from, { from, to, text: text.slice(from, to).endsWith('\n') ? `${REDACTED}\n` : REDACTED })
    if (!isOwnSetting(path)) secrets.push({ path: formatPath(path), line: lines.linePos(from).line })
  })
  for (const cut of secretComments(text)) cuts.set(cut.from, cut)
  return { document: withCuts(text, [...cuts.values()]), secrets }
}

/** As `withoutPlainSecrets`, for a configuration that was never written down. */
export const writtenOf = (document: unknown): WrittenConfig => withoutPlainSecrets(stringify(document, { lineWidth: 0 }))

/** What is left of a secret when references and the name of a scheme are taken away. */
const literalOf = (text: string): string =>
  text
    .replace(/\$\{[A-Za-z_][A-Za-z0-9_]*(:-)?\}/g, '')
    .replace(/^\s*(bearer|basic|token)(?=\s|$)/i, '')
    .trim()

function holdsSecret(value: unknown, path: ConfigPath, headers: HeaderSecrecy): boolean {
  if (typeof value === 'number') return isSecretPath(path) && !(headers === 'telling' && path.includes('headers'))
  if (typeof value !== 'string') return false
  if (namesVariable(path)) return looksSecret(value) && !VARIABLE_NAME.test(value)
  // The hash of a key admits nobody, and is there to be written down.
  if (path.at(-1) === 'key_hash') return false
  const plain = withoutReferences(value)
  const hasCredentials = /:\/\/[^/?#\s]*@/.test(plain) || /:\/\/[^?#]*\?./s.test(plain)
  const header = path[path.indexOf('headers') + 1]
  if (headers === 'telling' && path.includes('headers') && !isSecretHeader(String(header)))
    return hasCredentials || looksSecret(plain)
  // The address of a way out is secret for its password only.
  if (path[0] === 'egress' && path.at(-1) === 'url') return hasCredentials
  return isSecretPath(path) ? literalOf(value) !== '' : hasCredentials || isKeyShaped(plain)
}

const VARIABLE_NAME = /^[A-Z][A-Z0-9_]*$/

const withoutReferences = (text: string): string => text.replace(/\$\{[^}]*\}/g, '')

/** Every value that is not a list or a mapping, with each place where it counts: through aliases too. */
function eachScalar(document: Document, visit: (scalar: Scalar, path: ConfigPath) => void): void {
  const walk = (node: unknown, path: ConfigPath): void => {
    const target = isAlias(node) ? node.resolve(document) : node
    if (isScalar(target)) visit(target, path)
    else if (isAlias(node)) return // what it stands for is visited where it is written
    else if (isMap(target))
      for (const { key, value } of target.items) walk(value, [...path, isScalar(key) ? String(key.value) : ''])
    else if (isSeq(target)) target.items.forEach((item, index) => walk(item, [...path, index]))
  }
  walk(document.contents, [])
}

/** Comments that look like a key, or like a line with one. */
function secretComments(text: string): Cut[] {
  const cuts: Cut[] = []
  const walk = (token: unknown): void => {
    if (Array.isArray(token)) token.forEach(walk)
    else if (isObject(token)) {
      const { type, source, offset } = token
      if (type === 'comment' && typeof source === 'string' && typeof offset === 'number') {
        if (withoutSecrets(source) !== source) cuts.push({ from: offset, to: offset + source.length, text: '# [redacted]' })
      } else Object.values(token).forEach(walk)
    }
  }
  for (const token of new Parser().parse(text)) walk(token)
  return cuts
}

function withCuts(text: string, cuts: readonly Cut[]): string {
  let cut = text
  for (const { from, to, text: instead } of cuts.toSorted((left, right) => right.from - left.from))
    cut = `${cut.slice(0, from)}${instead}${cut.slice(to)}`
  return cut
}
