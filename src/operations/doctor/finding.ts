/** Of a whole gateway, and of the way to one upstream. */
export type CheckName =
  | 'configuration'
  | 'policies'
  | 'data'
  | 'database'
  | 'coordination'
  | 'prices'
  | 'providers'
  | 'targets'
  | 'clock'
  | 'network'
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'http'
  | 'key'
  | 'models'
  | 'first token'

/** What a check found. A warning is worth knowing; a failure keeps something from working. */
export interface Finding {
  readonly check: CheckName
  readonly status: 'ok' | 'warning' | 'failure'
  /** What is so. */
  readonly message: string
  /** What to do about it. */
  readonly advice?: string | undefined
}

export const fine = (check: CheckName, message: string): Finding => ({ check, status: 'ok', message })
export const warning = (check: CheckName, message: string, advice?: string): Finding => ({
  check,
  status: 'warning',
  message,
  ...(advice === undefined ? {} : { advice }),
})
export const failure = (check: CheckName, message: string, advice?: string): Finding => ({
  check,
  status: 'failure',
  message,
  ...(advice === undefined ? {} : { advice }),
})
