import { isMap, isSeq, parseDocument, stringify, type Document, type YAMLMap, type YAMLSeq } from 'yaml'
import { sameData } from '../lib/same-data.ts'

/**
 * Adds an entry to the end of a top-level list, which is made when there is none. Everything else stays as it was written, comments
 * included, where the list is written as a block; else the document is written anew, comments included. `written` has to be valid YAML.
 */
export function addToList(written: string, key: string, entry: Readonly<Record<string, unknown>>): string {
  const text = withLastLine(written)
  return edited(text, {
    alone: (document) => {
      const list = document.get(key)
      if (isSeq(list)) list.add(document.createNode(entry))
      else document.set(key, [entry])
    },
    within: (document) => {
      const list = document.get(key)
      if (list === undefined) return appended(text, `${key}:\n${entryLines(entry, 2)}`)
      const block = isSeq(list) ? blockItems(text, list) : undefined
      const last = block?.at(-1)
      if (last === undefined) return undefined
      return `${text.slice(0, last.end)}${entryLines(entry, last.indent)}${text.slice(last.end)}`
    },
  })
}

/** Takes an entry out of a top-level list, with the comment directly above it. Everything else stays as `addToList` says. */
export function removeFromList(written: string, key: string, index: number): string {
  const text = withLastLine(written)
  return edited(text, {
    alone: (document) => {
      const list = document.get(key)
      if (isSeq(list)) list.delete(index)
    },
    within: (document) => {
      const list = document.get(key)
      const block = isSeq(list) ? blockItems(text, list) : undefined
      const item = block?.[index]
      if (item === undefined || block?.length === 1) return undefined
      return `${text.slice(0, item.start)}${text.slice(item.end)}`
    },
  })
}

interface Edit {
  /** Changes the document as data. */
  readonly alone: (document: Document) => void
  /** The changed text; undefined where it cannot be told which lines that takes. */
  readonly within: (document: Document) => string | undefined
}

/** The lines are only trusted when they mean what the change of the data means. */
function edited(text: string, { alone, within }: Edit): string {
  const document = parseDocument(text, { merge: true })
  if (document.contents !== null && !isMap(document.contents)) return text
  const lines = within(document)
  alone(document)
  const wanted: unknown = document.toJS()
  if (lines !== undefined) {
    const outcome = parseDocument(lines, { merge: true })
    if (outcome.errors.length === 0 && sameData(outcome.toJS(), wanted)) return lines
  }
  return document.toString({ lineWidth: 0 })
}

interface Item {
  /** Offset of its first line, or of the comment directly above. */
  readonly start: number
  /** Offset behind its last line. */
  readonly end: number
  /** Columns before its dash. */
  readonly indent: number
}

/** The lines of each entry of a list that is written as a block; undefined when it is not. */
function blockItems(text: string, list: YAMLSeq): Item[] | undefined {
  if (list.flow === true) return undefined
  const items: Item[] = []
  for (const item of list.items as YAMLMap[]) {
    const [from, to] = item.range ?? []
    if (from === undefined || to === undefined) return undefined
    const line = text.lastIndexOf('\n', from - 1) + 1
    const indent = /^( *)- *$/.exec(text.slice(line, from))?.[1]?.length
    if (indent === undefined) return undefined
    const lineEnd = text.indexOf('\n', Math.max(from, to - 1))
    items.push({ start: withComment(text, line, indent), end: lineEnd === -1 ? text.length : lineEnd + 1, indent })
  }
  return items
}

/** Where the comment begins that stands directly above a line, with the same indentation. */
function withComment(text: string, line: number, indent: number): number {
  let start = line
  while (start > 0) {
    const above = text.lastIndexOf('\n', start - 2) + 1
    if (!text.slice(above, start).startsWith(`${' '.repeat(indent)}#`)) break
    start = above
  }
  return start
}

function entryLines(entry: Readonly<Record<string, unknown>>, indent: number): string {
  const text = stringify([entry], { lineWidth: 0 })
  return text.replace(/^(?=.)/gm, ' '.repeat(indent))
}

/** The last line ends as every other. */
const withLastLine = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

const appended = (text: string, addition: string): string => (text.trim() === '' ? text + addition : `${text}\n${addition}`)
