import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { VaultSettings } from '../vault/vault.schema.ts'
import { compileParts, type CompiledConfig } from './compile.ts'
import { configOf, type CompileContext } from './compile-context.ts'
import type { ProcessSurroundings } from './env.ts'
import { environmentConfig } from './environment-config.ts'
import { configSearchPath, withHome } from './locate.ts'
import { whyNotPlain } from './plain-data.ts'
import { ConfigNotes, formatPath, type ConfigNote, type ConfigProblem } from './problem.ts'
import { readParts } from './read-parts.ts'
import type { Config } from './schema.ts'
import type { VaultView } from './vault-view.ts'
import { parseYaml, type YamlDocument } from './yaml-document.ts'

/** Where a configuration came from, for the banner. */
export type ConfigSource =
  | { readonly kind: 'file'; readonly path: string }
  /** Made up from provider keys in these variables. */
  | { readonly kind: 'environment'; readonly variables: readonly string[] }
  /** Neither file nor keys: the mock. */
  | { readonly kind: 'builtin' }
  /** Handed over by a program that embeds the gateway. */
  | { readonly kind: 'object' }

/** The files a configuration is read from. */
export interface ConfigFiles {
  /** Undefined when there is no such file; throws when there is one that cannot be read. */
  readText(path: string): string | undefined
}

export interface LoadConfigOptions extends ProcessSurroundings {
  /** `--config`; without it the search path is used. */
  readonly path?: string | undefined
  /** `--bind`; stands in for `server.bind`. */
  readonly bind?: string | undefined
  /** Revision of the snapshot, counting from 1. */
  readonly revision?: number | undefined
  readonly files?: ConfigFiles | undefined
  /** The opened vault (`operations/open-config.ts`); without it, accounts with keys from there are left out without a word. */
  readonly vault?: VaultView | undefined
}

export interface LoadedConfig {
  readonly ok: true
  readonly source: ConfigSource
  readonly config: Config
  readonly compiled: CompiledConfig
  readonly warnings: readonly ConfigProblem[]
}

export interface RefusedConfig {
  readonly ok: false
  /** Undefined when no file was found where one was named. */
  readonly source: ConfigSource | undefined
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  /** Where its vault is, as far as it could be read. */
  readonly vault: VaultSettings | undefined
}

export type LoadResult = LoadedConfig | RefusedConfig

/** Larger files are no configuration; parsing them could fill the memory. */
const MAX_FILE_BYTES = 4 * 1024 * 1024

const localFiles: ConfigFiles = {
  readText(path) {
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats === undefined ? undefined : readFileSync(path, 'utf8')
  },
}

/**
 * Finds, reads, checks and compiles the configuration: the named file, the first file of the search path, the provider keys in the
 * environment, or the built-in mock. Never throws; every problem is returned, with its place in the file.
 */
export function loadConfig(options: LoadConfigOptions): LoadResult {
  const files = options.files ?? localFiles
  const named = options.path === undefined ? undefined : resolve(options.cwd, withHome(options.path, options.home))
  for (const path of named === undefined ? configSearchPath(options) : [named]) {
    const read = readFile(path, files)
    if (read.kind === 'text') return loadText(read.text, path, options, files)
    if (read.kind === 'failed') return refuse({ kind: 'file', path }, [placeless(read.message, path)], [])
  }
  if (named !== undefined)
    return refuse(
      undefined,
      [placeless('There is no such file. Check --config, or leave it out to use the search path.', named)],
      [],
    )
  return loadFromEnvironment(options, files)
}

/** Checks and compiles a configuration given as plain data, in the shape of the file. Relative paths start at `cwd`. */
export function configFromObject(document: unknown, options: LoadConfigOptions): LoadResult {
  const reason = whyNotPlain(document)
  if (reason !== undefined)
    return refuse({ kind: 'object' }, [placeless(`The configuration must be plain data, as JSON could hold it: ${reason}.`)], [])
  return compileDocument(document, { kind: 'object' }, contextOf(options, options.cwd, options.files ?? localFiles))
}

function loadText(text: string, path: string, options: LoadConfigOptions, files: ConfigFiles): LoadResult {
  const yaml = parseYaml(text)
  const source: ConfigSource = { kind: 'file', path }
  const syntax = yaml.problems.map(({ message, line, column }) => ({ ...placeless(message, path), line, column }))
  if (yaml.value === undefined && syntax.length > 0) return refuse(source, syntax, [])
  const result = compileDocument(yaml.value, source, contextOf(options, dirname(path), files), (note) => placed(note, path, yaml))
  if (syntax.length === 0) return result
  return refuse(source, [...syntax, ...(result.ok ? [] : result.problems)], result.warnings)
}

function loadFromEnvironment(options: LoadConfigOptions, files: ConfigFiles): LoadResult {
  const madeUp = environmentConfig(options.env, options.bind)
  const source: ConfigSource =
    madeUp.variables.length === 0 ? { kind: 'builtin' } : { kind: 'environment', variables: madeUp.variables }
  const told = madeUp.warnings.map((message) => placeless(message))
  if (madeUp.problems.length > 0)
    return refuse(
      source,
      madeUp.problems.map((message) => placeless(message)),
      told,
    )
  const context = { ...contextOf(options, options.cwd, files), vendorPrefixes: madeUp.vendorPrefixes }
  const result = compileDocument(madeUp.input, source, context)
  return { ...result, warnings: [...told, ...result.warnings] }
}

function contextOf(options: LoadConfigOptions, baseDirectory: string, files: ConfigFiles): CompileContext {
  return {
    env: options.env,
    revision: options.revision ?? 1,
    baseDirectory,
    home: options.home,
    bind: options.bind,
    vault: options.vault,
    readText(path) {
      const text = files.readText(path)
      if (text === undefined) throw Object.assign(new TypeError('no such file'), { code: 'ENOENT' })
      return text
    },
  }
}

function compileDocument(
  document: unknown,
  source: ConfigSource,
  context: CompileContext,
  place: (note: ConfigNote) => ConfigProblem = unplaced,
): LoadResult {
  const notes = new ConfigNotes()
  const parts = readParts(document, context.env, notes)
  const compiled = compileParts(parts, context, notes)
  const warnings = notes.warnings.map(place)
  if (notes.problems.length > 0) return refuse(source, notes.problems.map(place).sort(byPlace), warnings, compiled.vault)
  return { ok: true, source, config: configOf(parts), compiled, warnings }
}

const refuse = (
  source: ConfigSource | undefined,
  problems: readonly ConfigProblem[],
  warnings: readonly ConfigProblem[],
  vault?: VaultSettings,
): RefusedConfig => ({
  ok: false,
  source,
  problems,
  warnings,
  vault,
})

type FileOutcome =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly message: string }

function readFile(path: string, files: ConfigFiles): FileOutcome {
  try {
    const text = files.readText(path)
    if (text === undefined) return { kind: 'absent' }
    if (text.length > MAX_FILE_BYTES)
      return {
        kind: 'failed',
        message: 'The file is larger than 4 MiB, which no configuration is. Check that it is the right one.',
      }
    return { kind: 'text', text }
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
    return {
      kind: 'failed',
      message: `The file cannot be read (${reason}). Check that it is a file and that this user may read it.`,
    }
  }
}

const placeless = (message: string, file?: string): ConfigProblem => ({
  file,
  line: undefined,
  column: undefined,
  path: '',
  message,
  expected: undefined,
  found: undefined,
  suggestion: undefined,
})

const unplaced = (note: ConfigNote): ConfigProblem => ({
  ...placeless(note.message),
  path: formatPath(note.path),
  expected: note.expected,
  found: note.found,
  suggestion: note.suggestion,
})

const placed = (note: ConfigNote, file: string, yaml: YamlDocument): ConfigProblem => ({
  ...unplaced(note),
  file,
  ...yaml.locate(note.path, note.atKey),
})

const byPlace = (left: ConfigProblem, right: ConfigProblem): number =>
  (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0)
