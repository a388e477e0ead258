import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from 'yaml'
import { isObject } from '../ir/json.ts'
import type { ConfigPath } from './config-path.ts'

/** Line and column, both from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface YamlProblem extends Position {
  readonly message: string
}

export interface YamlDocument {
  /** The document as plain data; undefined when it could not be read as data at all. */
  readonly value: unknown
  /** Syntax errors, repeated keys, unknown tags. */
  readonly problems: readonly YamlProblem[]
  /** Where a value (or its key) stands; of a missing one, the nearest thing around it. */
  locate(path: ConfigPath, atKey?: boolean): Position
}

/** More uses of anchors than any honest file has; beyond, expanding them could fill the memory. */
const MAX_ALIASES = 100
const MAX_PROBLEMS = 20
const MAX_DEPTH = 32

/** Reads YAML (or JSON). Messages are our own, so no line of the file, and no secret in it, is ever quoted. */
export function parseYaml(text: string): YamlDocument {
  const lines = new LineCounter()
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, logLevel: 'error' })
  const problems: YamlProblem[] = [...document.errors, ...document.warnings]
    .slice(0, MAX_PROBLEMS)
    .map((error) => ({ ...position(error.pos[0]), message: sentenceOf(error.code) }))
  const broken = document.errors.some((error) => error.code !== 'DUPLICATE_KEY')
  let value: unknown
  if (!broken) {
    try {
      value = document.toJS({ maxAliasCount: MAX_ALIASES })
      if (depthExceeds(value, MAX_DEPTH)) {
        value = undefined
        problems.push({
          line: 1,
          column: 1,
          message: `The document is nested deeper than ${MAX_DEPTH} levels, which no configuration is.`,
        })
      }
    } catch {
      problems.push({
        line: 1,
        column: 1,
        message: `An alias (*name) has no anchor (&name) before it, or there are more than ${MAX_ALIASES} uses of anchors.`,
      })
    }
  }
  return { value, problems, locate: (path, atKey = false) => position(offsetOf(document, path, atKey)) }
}

function depthExceeds(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  return Object.values(value).some((inner) => depthExceeds(inner, levels - 1))
}

const SENTENCES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'This key stands twice in the same mapping; only one can count. Remove one of them.',
  TAB_AS_INDENT: 'YAML does not allow tabs as indentation. Use spaces.',
  BAD_INDENT: 'The indentation does not fit the lines above. Align the keys of one mapping with spaces, and close every bracket.',
  MISSING_CHAR: 'A closing quote or bracket, or a colon or comma, is missing before this place.',
  MULTIPLE_DOCS: 'The file holds several YAML documents (a line `---`). Only one is read: remove the others.',
  BLOCK_AS_IMPLICIT_KEY: 'Two `key: value` pairs stand on one line, or a text with `: ` in it is not quoted.',
  BAD_SCALAR_START: 'A text cannot start with this character. Put the text into quotes.',
  TAG_RESOLVE_FAILED: 'Tags (!name) have no meaning here. Remove the tag.',
  RESOURCE_EXHAUSTION: 'The document is nested deeper than any configuration is.',
  BAD_DQ_ESCAPE: 'This escape is not known in double quotes. Use single quotes, or write the backslash twice.',
}

const sentenceOf = (code: string): string =>
  SENTENCES[code] ?? `This is not valid YAML (${code.toLowerCase().replaceAll('_', ' ')}).`

function offsetOf(document: Document, path: ConfigPath, atKey: boolean): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [index, step] of path.entries()) {
    const container = isAlias(node) ? node.resolve(document) : node
    const isLast = index === path.length - 1
    if (isMap(container)) {
      const pair = container.items.find((item) => keyText(item) === step)
      if (pair === undefined) return offset
      offset = (isLast && !atKey ? startOf(pair.value) : undefined) ?? startOf(pair.key) ?? offset
      node = pair.value
    } else if (isSeq(container) && typeof step === 'number') {
      const item: unknown = container.items[step]
      if (item === undefined) return offset
      offset = startOf(item) ?? offset
      node = item
    } else return offset
  }
  return offset
}

const keyText = (pair: Pair): unknown => (isScalar(pair.key) ? String(pair.key.value) : undefined)

function startOf(node: unknown): number | undefined {
  if (isPair(node)) return startOf(node.key)
  if (!isObject(node)) return undefined
  const { range } = node as unknown as Node
  return range?.[0]
}
