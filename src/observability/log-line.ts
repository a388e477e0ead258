export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** Level of one line. */
export type LineLevel = Exclude<LogLevel, 'silent'>

/** Facts of a log line. Ids, codes, counts and times: never a prompt, an answer, a header or a key. */
export type LogFacts = Readonly<Record<string, unknown>>

export interface LoggerOptions {
  readonly level: LogLevel
  /** File descriptor; 2 (stderr) when absent, so that stdout holds nothing but data. */
  readonly descriptor?: number | undefined
}
