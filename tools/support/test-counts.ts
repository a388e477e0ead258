import { appendFileSync } from 'node:fs'

export interface TestCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const NO_TESTS: TestCounts = { passed: 0, failed: 0, skipped: 0 }

export const addCounts = (a: TestCounts, b: TestCounts): TestCounts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

/**
 * Reads the closing lines of `bun test`. Undefined when they are missing: the runner itself died, and whatever it had counted
 * by then says nothing.
 */
export function parseCounts(output: string): TestCounts | undefined {
  const lines = output.split('\n')
  const end = lines.findLastIndex((line) => /^Ran \d+ tests? across/.test(line))
  if (end < 0) return undefined
  const closing = lines.slice(Math.max(0, end - 8), end)
  const count = (word: string): number => {
    const line = closing.findLast((candidate) => new RegExp(String.raw`^ *\d+ ${word}$`).test(candidate))
    return Number.parseInt(line ?? '0', 10)
  }
  return { passed: count('pass'), failed: count('fail'), skipped: count('skip') + count('todo') }
}

/** The closing line that CI systems read. */
export const closingLine = ({ passed, failed, skipped }: TestCounts): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/** The names of the failed tests, each with the first line of its error, as `bun test` prints them: the error, then the name. */
export function parseFailures(output: string): string[] {
  const failures: string[] = []
  let error: string | undefined
  for (const line of output.split('\n')) {
    if (line.startsWith('error: ')) error ??= line
    const name = /^\(fail\) (.+?)(?: \[[\d.]+ms\])?$/.exec(line)?.[1]
    if (name !== undefined) failures.push(error === undefined ? name : `${name}: ${error}`)
    if (name !== undefined || line.startsWith('(pass) ')) error = undefined
  }
  return failures
}

/**
 * Several runners make one report: each appends its counts and the names of its failed tests to the file that
 * SWITCHBACK_TEST_COUNTS names.
 */
export function publishCounts(counts: TestCounts, failures: readonly string[] = []): void {
  const path = process.env['SWITCHBACK_TEST_COUNTS']
  if (path === undefined || path === '') return
  const lines = [`${counts.passed} ${counts.failed} ${counts.skipped}`, ...failures.map((failure) => `failed: ${failure}`)]
  appendFileSync(path, `${lines.join('\n')}\n`)
}
