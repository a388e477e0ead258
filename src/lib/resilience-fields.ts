import { z } from 'zod'
import { milliseconds, pause } from './config-fields.ts'

/** Keys of `retry` that a route can override. */
export const retryFields = {
  base_delay_ms: pause().optional().describe('First pause between two tries; each further one is twice as long. Default 100.'),
  max_delay_ms: pause().optional().describe('Longest pause between two tries. Default 2000.'),
  max_wait_ms: pause()
    .optional()
    .describe('When everything is locked: longest wait for the first account to recover. A deadline of the client goes before it. Default 10000.'),
}

/** Keys of `hedge` that a route can override. */
export const hedgeFields = {
  enabled: z.boolean().optional().describe('Start a second attempt beside a slow one. Default: no.'),
  delay_ms: milliseconds().optional().describe('Wait before each further attempt. Default 150.'),
  max_parallel: z
    .int('a whole number')
    .min(2, 'at least 2')
    .max(8, 'at most 8')
    .optional()
    .describe('Most attempts at once, the first included. Default 2.'),
}
