import { readFileSync, statSync } from 'node:fs'
import { compileParts } from './compile.ts'
import { configOf, type CompileContext } from './compile-context.ts'
import { documentOfObject, findDocument, type FoundDocument } from './found-document.ts'
import type { ConfigFiles, LoadConfigOptions, LoadResult } from './load.types.ts'
import { ConfigNotes, type ConfigProblem } from './problem.ts'
import { withPublished } from './published-document.ts'
import { readParts } from './read-parts.ts'

export type * from './load.types.ts'

const localFiles: ConfigFiles = {
  readText(path) {
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats === undefined ? undefined : readFileSync(path, 'utf8')
  },
}

/**
 * Finds, reads, checks and compiles the configuration: the published one, with what is the gateway's own from the named file, the first file of
 * the search path, the provider keys in the environment, or the built-in mock; or that alone. Never throws; every problem is returned, with its
 * place.
 */
export function loadConfig(options: LoadConfigOptions): LoadResult {
  const files = options.files ?? localFiles
  return load(findDocument(options, files), options, files)
}

/** Checks and compiles a configuration given as plain data, in the shape of the file. Relative paths start at `cwd`. */
export const configFromObject = (document: unknown, options: LoadConfigOptions): LoadResult =>
  load(documentOfObject(document, options.cwd), options, options.files ?? localFiles)

function load(own: FoundDocument, options: LoadConfigOptions, files: ConfigFiles): LoadResult {
  const found = options.published === undefined ? own : withPublished(own, options.published, options)
  const { source, syntax, warnings: told } = found
  if (!found.isReadable) return { ok: false, source, problems: syntax, warnings: told, vault: undefined }
  const notes = new ConfigNotes()
  const parts = readParts(found.value, options.env, notes)
  const compiled = compileParts(parts, contextOf(found, options, files), notes, found.written)
  const warnings = [...told, ...notes.warnings.map(found.place)]
  const problems = [...syntax, ...notes.problems.map(found.place).sort(byPlace)]
  if (problems.length > 0 || source === undefined) return { ok: false, source, problems, warnings, vault: compiled.vault }
  return { ok: true, source, config: configOf(parts), compiled, warnings }
}

function contextOf(found: FoundDocument, options: LoadConfigOptions, files: ConfigFiles): CompileContext {
  return {
    env: options.env,
    revision: options.published?.revision ?? 1,
    baseDirectory: found.baseDirectory,
    home: options.home,
    bind: options.bind,
    vault: options.vault,
    vendorPrefixes: found.vendorPrefixes,
    policyTexts: found.policyTexts,
    readText(path) {
      const text = files.readText(path)
      if (text === undefined) throw Object.assign(new TypeError('no such file'), { code: 'ENOENT' })
      return text
    },
  }
}

const byPlace = (left: ConfigProblem, right: ConfigProblem): number =>
  (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0)
