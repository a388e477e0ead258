import { pino } from 'pino'
import { describeError } from './describe-error.ts'
import type { LineLevel, LogFacts, LoggerOptions } from './log-line.ts'

/** Writes log lines. */
export interface LineWriter {
  write(level: LineLevel, facts: LogFacts, message: string): void
  /** Writes what is buffered, at once. */
  flush(): void
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

/** JSON lines through the logging library. */
export function createLineWriter(options: LoggerOptions): LineWriter {
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
    write: (level, facts, message) => logger[level](facts, message),
    flush() {
      try {
        destination.flushSync()
      } catch {
        // Nothing can be reported any more when the log itself cannot be written.
      }
    },
  }
}
