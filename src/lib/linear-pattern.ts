/** A regular expression that takes time in proportion to the text, whoever wrote it. */
export interface LinearPattern {
  /** Steps of the compiled expression: the work for each character is at most in proportion to them. */
  readonly size: number
  /** Whether the pattern is found anywhere in the text. */
  matches(text: string): boolean
}

/** Undefined for an expression that cannot be read, looks around or back, or is too large. */
export type CompilePattern = (source: string) => LinearPattern | undefined

const LONGEST_SOURCE = 500
/** Repeats are written out when a pattern is compiled: this much of all of them together. */
const MOST_REPEATS = 200
const MOST_STEPS = 1_000

/** Patterns of RE2, whose package is loaded by who first asks for it. */
export async function loadPatterns(): Promise<CompilePattern> {
  const { RE2JS } = await import('re2js')
  return (source) => {
    if (source.length > LONGEST_SOURCE || repeatsOf(source) > MOST_REPEATS) return undefined
    try {
      const compiled = RE2JS.compile(RE2JS.translateRegExp(source))
      const size = compiled.programSize()
      return size > MOST_STEPS ? undefined : { size, matches: (text) => compiled.matcher(text).find() }
    } catch {
      return undefined // what RE2 does not know, nobody here runs
    }
  }
}

const repeatsOf = (source: string): number =>
  [...source.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].reduce((sum, [, least, most]) => sum + Number(most || least), 0)
