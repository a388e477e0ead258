import type { z } from 'zod'
import type { JsonObject } from '../ir/json.ts'
import { nearest } from '../lib/nearest.ts'
import { keysAt, placesOf, schemasAt } from './json-schema.ts'
import type { ConfigPath } from './config-path.ts'
import { formatPath, type ConfigNote } from './problem.ts'
import { describeFound, showText } from './secrecy.ts'
import { valueAt } from './value-at.ts'

type Issue = z.core.$ZodIssue

/** What issues are described against: the document as written and the schema as JSON Schema. */
export interface IssueContext {
  readonly document: unknown
  readonly schema: JsonObject
}

/** Turns one finding of the schema library into notes that say what was expected, what was found and what was probably meant. */
export function describeIssue(issue: Issue, base: ConfigPath, context: IssueContext): ConfigNote[] {
  const path = [...base, ...issue.path.filter((step) => typeof step !== 'symbol')]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.filter((key) => !isOfAnotherKind(key, path, context)).map((key) => unknownKey(key, path, context))
  const expected = expectationOf(issue)
  if (issue.code === 'invalid_key') {
    const found = showText(String(path.at(-1)))
    return [{ path, message: `Expected ${expected} as key, found ${found}.`, expected, found, atKey: true }]
  }
  const value = valueAt(context.document, path)
  const found = describeFound(value, path)
  if (value === undefined) return [missingKey(path, expected, context)]
  const suggestion = suggestionFor(issue, value)
  const hint = suggestion === undefined ? '' : ` Did you mean ${suggestion}?`
  return [{ path, message: `Expected ${expected}, found ${found}.${hint}`, expected, found, suggestion }]
}

function missingKey(path: ConfigPath, expected: string, context: IssueContext): ConfigNote {
  const description = schemasAt(context.schema, path)[0]?.['description']
  const meaning = typeof description === 'string' ? description : `Expected ${expected}.`
  return {
    path,
    message: `The key \`${path.at(-1)}\` is required and missing. ${meaning}`,
    expected,
    found: 'nothing',
    atKey: true,
  }
}

/** Names people try before they know ours. */
const SYNONYMS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    host: ['bind'],
    port: ['bind'],
    listen: ['bind'],
    url: ['base_url'],
    endpoint: ['base_url'],
    key: ['api_key', 'api_key_env'],
    token: ['api_key', 'api_key_env'],
    kind: ['type'],
    name: ['id'],
    id: ['name'],
    target: ['targets'],
    fallbacks: ['targets'],
    model: ['match', 'targets'],
    idle_ms: ['read_ms'],
  }),
)

/** The mapping is of a kind that nobody knows, which is told, and of some other kind the key would be good. */
const isOfAnotherKind = (key: string, parent: ConfigPath, { schema, document }: IssueContext): boolean =>
  keysAt(schema, parent, valueAt(document, parent)).includes(key)

/** A key nobody reads, with the one that was probably meant. */
export function unknownKey(key: string, parent: ConfigPath, context: IssueContext): ConfigNote {
  const known = keysAt(context.schema, parent, valueAt(context.document, parent))
  const synonym = SYNONYMS.get(key.toLowerCase())?.find((name) => known.includes(name))
  const places = placesOf(context.schema, key)
  const suggestion = synonym ?? nearest(key, known)
  const where = parent.length === 0 ? 'at the top level' : `in ${formatPath(parent)}`
  const shown = showText(key)
  const note = {
    path: [...parent, key],
    expected: known.length === 0 ? undefined : `one of ${known.join(', ')}`,
    found: shown,
    atKey: true,
    unknownKey: true,
  }
  if (suggestion !== undefined) return { ...note, message: `Unknown key ${shown}. Did you mean ${suggestion}?`, suggestion }
  const [place] = places
  if (place !== undefined)
    return { ...note, message: `Unknown key ${shown} ${where}. It belongs at ${place}.`, suggestion: place }
  const list = known.length === 0 ? '' : ` Known here: ${known.join(', ')}.`
  return {
    ...note,
    message: `Unknown key ${shown} ${where}; keys nobody reads are refused so that a typing error cannot go unnoticed.${list}`,
  }
}

function suggestionFor(issue: Issue, value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  if (issue.code === 'invalid_value') return nearest(value, issue.values.map(String))
  if (issue.code === 'invalid_union') return nearest(value, unionOptions(issue))
  return undefined
}

/** Schemas built from `config-fields` say what they expect; for the rest the library's own wording is replaced. */
function expectationOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return isOwnWording(issue.message) ? issue.message : (TYPE_WORDS[issue.expected] ?? issue.expected)
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.map(String).join(', ')}`
    case 'invalid_union':
      return unionExpectation(issue)
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'another key'
    case 'too_small':
      return isOwnWording(issue.message) ? issue.message : `at least ${issue.minimum}`
    case 'too_big':
      return isOwnWording(issue.message) ? issue.message : `at most ${issue.maximum}`
    default:
      return issue.message
  }
}

function unionExpectation(issue: z.core.$ZodIssueInvalidUnion): string {
  const options = unionOptions(issue)
  if (options.length > 0) return `one of ${options.join(', ')}`
  return isOwnWording(issue.message) ? issue.message : 'another value'
}

/** The kinds there are. That one of them need not be named is no help to somebody who has named another. */
const unionOptions = (issue: z.core.$ZodIssueInvalidUnion): string[] =>
  'options' in issue && Array.isArray(issue.options) ? issue.options.filter((option) => option !== undefined).map(String) : []

const isOwnWording = (message: string): boolean => !/^(Invalid|Too (small|big)|Unrecognized)/.test(message)

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
}
