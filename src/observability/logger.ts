import type { LineWriter } from './line-writer.ts'
import { type LineLevel, LOG_LEVELS, type LogFacts, type LoggerOptions } from './log-line.ts'

export interface Logger {
  /** Whether lines of this level are written: asked before facts are gathered on a hot path. */
  isEnabled(level: LineLevel): boolean
  debug(facts: LogFacts, message: string): void
  info(facts: LogFacts, message: string): void
  warn(facts: LogFacts, message: string): void
  error(facts: LogFacts, message: string): void
}

/** A logger that can be emptied before the process ends. */
export interface ProcessLogger extends Logger {
  /** Resolves when everything logged so far has been written. */
  flush(): Promise<void>
}

/** Lines kept while the logging library is being loaded. */
const MOST_WAITING = 1000

/**
 * JSON lines on stderr, written without waiting. Errors are described by code, place and cause; text of upstreams and of bodies is
 * left out. The library behind it is loaded with the first line: it would take a tenth of the time a start may take.
 */
export function createLogger(options: LoggerOptions): ProcessLogger {
  const threshold = LOG_LEVELS.indexOf(options.level)
  const waiting: [level: LineLevel, facts: LogFacts, message: string][] = []
  let writer: LineWriter | undefined
  let loading: Promise<void> | undefined

  const load = async (): Promise<void> => {
    const { createLineWriter } = await import('./line-writer.ts')
    writer = createLineWriter(options)
    for (const line of waiting.splice(0)) writer.write(...line)
  }
  const isEnabled = (level: LineLevel): boolean => LOG_LEVELS.indexOf(level) <= threshold
  const line =
    (level: LineLevel) =>
    (facts: LogFacts, message: string): void => {
      if (!isEnabled(level)) return
      if (writer !== undefined) writer.write(level, facts, message)
      else if (waiting.length < MOST_WAITING) {
        waiting.push([level, facts, message])
        loading ??= load()
      }
    }
  return {
    isEnabled,
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    async flush() {
      await loading
      await writer?.flush()
    },
  }
}

/** A logger that says nothing: for the library and for tests. */
export const silentLogger: Logger = { isEnabled: () => false, debug() {}, info() {}, warn() {}, error() {} }
