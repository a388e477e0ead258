import { pino } from 'pino'
import { describeError } from './describe-error.ts'
import type { LineLevel, LogFacts, LoggerOptions } from './log-line.ts'

/** Writes log lines. */
export interface LineWriter {
  write(level: LineLevel, facts: LogFacts, message: string): void
  /** Resolves when everything has been written, or when that takes too long because nobody reads the log. */
  flush(): Promise<void>
}

/** Bytes of log lines kept while stderr takes none; beyond, lines are dropped. A stalled log reader must not stall the gateway. */
const MOST_BUFFERED = 4 * 1024 * 1024

/** A process that ends does not wait longer than this for a stalled log reader. */
const LONGEST_FLUSH_MS = 500

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
  let isWriting = false
  destination.on('drain', () => (isWriting = false))
  return {
    write(level, facts, message) {
      isWriting = true
      logger[level](facts, message)
    },
    async flush() {
      if (isWriting) await drained(destination)
      try {
        destination.flushSync()
      } catch {
        // Nothing can be reported any more when the log itself cannot be written.
      }
    },
  }
}

/** A line on its way to the system is not in the buffer any more and not in the log yet. */
function drained(destination: ReturnType<typeof pino.destination>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LONGEST_FLUSH_MS)
    destination.once('drain', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
