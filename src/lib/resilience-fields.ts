import { z } from 'zod'
import { milliseconds, pause } from './config-fields.ts'

/** Keys of `retry` that a route can override. */
export const retryFields = {
  base_delay_ms: pause().describe('First pause between two tries; each further one is twice as long. Default 100.').optional(),
  max_delay_ms: pause().describe('Longest pause between two tries. Default 2000.').optional(),
  max_wait_ms: pause()
    .describe(
      'When everything is locked: longest wait for the first account to recover. A deadline of the client goes before it. Default 10000.',
    )
    .optional(),
}

/** Keys of `hedge` that a route can override. */
export const hedgeFields = {
  enabled: z.boolean().describe('Start a second attempt beside a slow one. Default: no.').optional(),
  delay_ms: milliseconds().describe('Wait before each further attempt. Default 150.').optional(),
  max_parallel: z
    .int('a whole number')
    .min(2, 'at least 2')
    .max(8, 'at most 8')
    .describe('Most attempts at once, the first included. Default 2.')
    .optional(),
}
