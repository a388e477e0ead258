import type { ConfigPath } from './config-path.ts'
import { looksSecret } from './secrecy.ts'

/** What was noticed about the configuration, before it is known where in the file it stands. */
export interface ConfigNote {
  readonly path: ConfigPath
  /** Whole sentences: what is wrong, why it matters, what to do. Never holds a secret. */
  readonly message: string
  readonly expected?: string | undefined
  readonly found?: string | undefined
  /** The nearest valid key or value. */
  readonly suggestion?: string | undefined
  /** Point at the key instead of its value. */
  readonly atKey?: boolean | undefined
  /** The note is about a key nobody knows; `suggestion` is then the key of the same mapping that was probably meant. */
  readonly unknownKey?: boolean | undefined
  /**
   * Keys (or, when empty, anything) below `path` that would have made this note unnecessary. When one of them has a problem already,
   * this note says nothing new and is left out.
   */
  readonly wants?: readonly string[] | undefined
}

/** A note with its place. `line` and `column` count from 1; both and `file` are undefined when there is no file. */
export interface ConfigProblem {
  readonly file: string | undefined
  readonly line: number | undefined
  readonly column: number | undefined
  /** Such as `providers[0].base_url`; empty for the document itself. */
  readonly path: string
  readonly message: string
  readonly expected: string | undefined
  readonly found: string | undefined
  readonly suggestion: string | undefined
}

/** Collects what one pass over the configuration has to say, so that all of it can be told at once. */
export class ConfigNotes {
  readonly problems: ConfigNote[] = []
  readonly warnings: ConfigNote[] = []

  /** Something that keeps the configuration from being used. */
  problem(path: ConfigPath, message: string, more: Partial<ConfigNote> = {}): void {
    const { wants } = more
    if (wants !== undefined && this.problems.some((earlier) => concerns(earlier, path, wants))) return
    this.problems.push({ ...more, path, message })
  }

  /** Something the operator must hear of, and that does not keep the gateway from serving. */
  warning(path: ConfigPath, message: string, more: Partial<ConfigNote> = {}): void {
    this.warnings.push({ ...more, path, message })
  }
}

function concerns(note: ConfigNote, path: ConfigPath, keys: readonly string[]): boolean {
  const key = note.path[path.length]
  if (key === undefined || !path.every((step, index) => step === note.path[index])) return false
  const meant = note.unknownKey === true && note.suggestion !== undefined ? [String(key), note.suggestion] : [String(key)]
  return keys.length === 0 || meant.some((name) => keys.includes(name))
}

/** `providers[0].base_url`; keys that are no plain words are quoted, and such as may be secrets hidden. */
export function formatPath(path: ConfigPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (looksSecret(step)) text += '[hidden]'
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${JSON.stringify(step)}]`
  }
  return text
}

/** One line for people: `switchback.yaml:12:5: providers[0].bas_url: unknown key. Did you mean base_url?` */
export function formatProblem(problem: ConfigProblem): string {
  const place =
    problem.file === undefined ? '' : [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':')
  return [place, problem.path, problem.message].filter((part) => part !== '').join(': ')
}
