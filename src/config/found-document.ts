import { dirname, resolve } from 'node:path'
import { environmentConfig } from './environment-config.ts'
import type { ConfigFiles, ConfigSource, LoadConfigOptions } from './load.types.ts'
import { configSearchPath, withHome } from './locate.ts'
import { whyNotPlain } from './plain-data.ts'
import { formatPath, type ConfigNote, type ConfigProblem } from './problem.ts'
import { withoutPlainSecrets, writtenOf, type WrittenSource } from './written-config.ts'
import { parseYaml, type YamlDocument } from './yaml-document.ts'

/** A configuration as plain data, before anything in it is checked. */
export interface FoundDocument {
  /** Undefined when no file was found where one was named. */
  readonly source: ConfigSource | undefined
  /** Whether `value` is worth a look; `syntax` says why not. */
  readonly isReadable: boolean
  readonly value: unknown
  /** Absolute; relative paths start there. */
  readonly baseDirectory: string
  /** What was wrong with it so far. */
  readonly syntax: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  readonly written: WrittenSource
  /** Where a note stands. */
  readonly place: (note: ConfigNote) => ConfigProblem
  /** Which provider takes model names that begin so, when no route knows them. */
  readonly vendorPrefixes?: readonly { readonly prefix: string; readonly provider: string }[] | undefined
  /** Texts of policy tests that came along, by absolute path. */
  readonly policyTexts?: ReadonlyMap<string, string> | undefined
}

/** Larger files are no configuration; parsing them could fill the memory. */
export const MAX_CONFIG_BYTES = 4 * 1024 * 1024

/** The named file, the first file of the search path, what is made of the environment, or the built-in mock. */
export function findDocument(options: LoadConfigOptions, files: ConfigFiles): FoundDocument {
  const named = options.path === undefined ? undefined : resolve(options.cwd, withHome(options.path, options.home))
  for (const path of named === undefined ? configSearchPath(options) : [named]) {
    const read = readFile(path, files)
    if (read.kind === 'text') return documentOfText(read.text, { kind: 'file', path })
    if (read.kind === 'failed') return unreadable({ kind: 'file', path }, placeless(read.message, path))
  }
  if (named === undefined) return documentOfEnvironment(options)
  return unreadable(undefined, placeless('There is no such file. Check --config, or leave it out to use the search path.', named))
}

/** A configuration that a program hands over. */
export function documentOfObject(document: unknown, cwd: string): FoundDocument {
  const source: ConfigSource = { kind: 'object' }
  const reason = whyNotPlain(document)
  if (reason !== undefined)
    return unreadable(source, placeless(`The configuration must be plain data, as JSON could hold it: ${reason}.`))
  return { ...blank(source), isReadable: true, value: document, baseDirectory: cwd, written: madeUp('object', document) }
}

function documentOfText(text: string, source: ConfigSource & { readonly kind: 'file' }): FoundDocument {
  const { path } = source
  const yaml = parseYaml(text)
  const syntax = syntaxOf(yaml, path)
  return {
    ...blank(source),
    isReadable: yaml.value !== undefined || syntax.length === 0,
    value: yaml.value,
    baseDirectory: dirname(path),
    syntax,
    written: { kind: 'file', read: () => withoutPlainSecrets(text) },
    place: (note) => placed(note, path, yaml),
  }
}

function documentOfEnvironment({ env, bind, cwd }: LoadConfigOptions): FoundDocument {
  const { input, variables, vendorPrefixes, warnings, problems } = environmentConfig(env, bind)
  const source: ConfigSource = variables.length === 0 ? { kind: 'builtin' } : { kind: 'environment', variables }
  return {
    ...blank(source),
    isReadable: problems.length === 0,
    value: input,
    baseDirectory: cwd,
    syntax: problems.map((message) => placeless(message)),
    warnings: warnings.map((message) => placeless(message)),
    written: madeUp(source.kind, input),
    vendorPrefixes,
  }
}

const madeUp = (kind: WrittenSource['kind'], document: unknown): WrittenSource => ({ kind, read: () => writtenOf(document) })

const blank = (source: ConfigSource | undefined): Omit<FoundDocument, 'written'> => ({
  source,
  isReadable: false,
  value: undefined,
  baseDirectory: '',
  syntax: [],
  warnings: [],
  place: unplaced,
})

const unreadable = (source: ConfigSource | undefined, problem: ConfigProblem): FoundDocument => ({
  ...blank(source),
  syntax: [problem],
  written: madeUp(source?.kind ?? 'file', {}),
})

/** Mistakes of a text that keep it from being read as data. */
export const syntaxOf = ({ problems }: YamlDocument, file: string): ConfigProblem[] =>
  problems.map(({ message, line, column }) => ({ ...placeless(message, file), line, column }))

type FileOutcome =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly message: string }

function readFile(path: string, files: ConfigFiles): FileOutcome {
  try {
    const text = files.readText(path)
    if (text === undefined) return { kind: 'absent' }
    if (text.length > MAX_CONFIG_BYTES)
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

/** A note with its line and column in a text. */
export const placed = (note: ConfigNote, file: string, yaml: YamlDocument): ConfigProblem => ({
  ...unplaced(note),
  file,
  ...yaml.locate(note.path, note.atKey),
})
