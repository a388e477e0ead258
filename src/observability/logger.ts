import { pino } from 'pino'
import { describeError } from './describe-error.ts'

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** Facts of a log line. Ids, codes, counts and times: never a prompt, an answer, a header or a key. */
export type LogFacts = Readonly<Record<string, unknown>>

export interface Logger {
  debug(facts: LogFacts, message: string): void
  info(facts: LogFacts, message: string): void
  warn(facts: LogFacts, message: string): void
  error(facts: LogFacts, message: string): void
}

/** A logger that can be emptied before the process ends. */
export interface ProcessLogger extends Logger {
  /** Writes what is buffered, at once. */
  flush(): void
}

export interface LoggerOptions {
  readonly level: LogLevel
  /** File descriptor; 2 (stderr) when absent, so that stdout holds nothing but data. */
  readonly descriptor?: number | undefined
}

/** Bytes of log lines kept while stderr takes none; beyond, lines are dropped. A stalled log reader must not stall the gateway. */
const MOST_BUFFERED = 4 * 1024 * 1024

/** Fields that never appear, wherever a caller puts them on the first two levels. */
const NEVER_LOGGED = [
  'apiKey',
  'api_key',
  'key',
  'secret',
  'token',
  'authorization',
  'headers',
  'body',
  'prompt',
  'messages',
  'content',
  'request',
  'response',
]

/**
 * JSON lines on stderr, written without waiting. Errors are described by code, place and cause; text of upstreams and of bodies is
 * left out.
 */
export function createLogger(options: LoggerOptions): ProcessLogger {
  const destination = pino.destination({ fd: options.descriptor ?? 2, sync: false, maxLength: MOST_BUFFERED })
  // Whatever becomes of stderr, requests are served on.
  destination.on('error', () => undefined)
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError },
      redact: { paths: NEVER_LOGGED.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    destination,
  )
  return {
    debug: (facts, message) => logger.debug(facts, message),
    info: (facts, message) => logger.info(facts, message),
    warn: (facts, message) => logger.warn(facts, message),
    error: (facts, message) => logger.error(facts, message),
    flush() {
      try {
        destination.flushSync()
      } catch {
        // Nothing can be reported any more when the log itself cannot be written.
      }
    },
  }
}

/** A logger that says nothing: for the library and for tests. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
