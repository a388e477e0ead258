import type { z } from 'zod'
import { isObject } from '../ir/json.ts'
import type { ConfigPath } from './config-path.ts'
import { describeIssue, type IssueContext } from './describe-issue.ts'
import type { ConfigNote, ConfigNotes } from './problem.ts'
import { valueAt, withoutPaths } from './value-at.ts'

const MAX_ROUNDS = 8

/**
 * Parses one part of the configuration. What is wrong is noted and then mended (a mistyped key is read as the one that was meant, a
 * missing name gets a stand-in) or taken out, and the rest is still returned, so that the checks that come later can find their
 * problems in the same run. Undefined when nothing usable is left.
 */
export function parseLeniently<Schema extends z.ZodType>(
  schema: Schema,
  part: { readonly value: unknown; readonly path: ConfigPath },
  notes: ConfigNotes,
  context: IssueContext,
): z.output<Schema> | undefined {
  let value = part.value
  let mended: ConfigPath[] = []
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const result = schema.safeParse(value)
    if (result.success) return result.data
    const found = result.error.issues
      .flatMap((issue) => describeIssue(issue, part.path, context))
      .map((note) => ({ ...note, path: note.path.slice(part.path.length) }))
    const renames = found.flatMap((note) => renameOf(note, value))
    // A finding that only repeats what an earlier one (or a mistyped key beside it) explains is not told again.
    const explained = [...mended, ...renames.map(({ to }) => to)]
    for (const note of found) {
      if (!explained.some((path) => related(path, note.path)))
        notes.problems.push({ ...note, path: [...part.path, ...note.path] })
    }
    const mend = mendValue(value, found, renames, part.path)
    if (mend === undefined) return undefined
    value = mend.value
    mended = [...explained, ...mend.touched]
  }
  return undefined
}

interface Rename {
  readonly from: ConfigPath
  readonly to: ConfigPath
}

/** A mistyped key whose meaning is clear and which is not there under its right name. */
function renameOf(note: ConfigNote, value: unknown): Rename[] {
  const { path, suggestion } = note
  if (note.unknownKey !== true || suggestion === undefined || suggestion.includes('.')) return []
  const to = [...path.slice(0, -1), suggestion]
  return valueAt(value, to) === undefined ? [{ from: path, to }] : []
}

/** Undefined when the part as a whole has to go. */
function mendValue(
  value: unknown,
  found: readonly ConfigNote[],
  renames: readonly Rename[],
  base: ConfigPath,
): { readonly value: unknown; readonly touched: ConfigPath[] } | undefined {
  const copy: unknown = structuredClone(value)
  const removed: ConfigPath[] = []
  const touched: ConfigPath[] = []
  for (const { from, to } of renames) setAt(copy, to, valueAt(value, from))
  for (const { path } of found) {
    if (renames.some(({ to }) => samePath(to, path))) continue
    const isPresent = valueAt(value, path) !== undefined
    const key = path.at(-1)
    if (key === 'id' || key === 'name') setAt(copy, path, ['unnamed', ...base, ...path].join('-'))
    else removed.push(isPresent ? path : path.slice(0, -1))
    touched.push(path)
  }
  if (removed.some((path) => path.length === 0)) return undefined
  return { value: withoutPaths(copy, distinct(removed)), touched: [...touched, ...removed] }
}

function setAt(root: unknown, path: ConfigPath, value: unknown): void {
  const parent = valueAt(root, path.slice(0, -1))
  const key = path.at(-1)
  if (isObject(parent) && typeof key === 'string') parent[key] = value
}

const distinct = (paths: readonly ConfigPath[]): ConfigPath[] => [
  ...new Map(paths.map((path) => [JSON.stringify(path), path])).values(),
]

const samePath = (left: ConfigPath, right: ConfigPath): boolean => left.length === right.length && related(left, right)

/** Whether one of the two lies at or below the other. */
function related(left: ConfigPath, right: ConfigPath): boolean {
  const length = Math.min(left.length, right.length)
  return left.slice(0, length).every((step, index) => step === right[index])
}
