import { z } from 'zod'
import { duration, positive } from '../../lib/config-fields.ts'

const MEBIBYTES = 1024

/** `capture.*` of the configuration. */
export const captureSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Whether bodies may be captured for support at all. Nothing is captured before an admin starts it.'),
  recipients: z
    .array(z.string().regex(/^age1[a-z0-9]{20,4000}$/, 'a public key of age, which begins with `age1`'))
    .default([])
    .describe('Public keys of age that bodies are encrypted to. When there are any, no other key can be asked for.'),
  longest: duration()
    .refine((text) => text !== 'forever', 'a span of time such as 1h')
    .default('24h')
    .describe('How long a capture may last.'),
  retention: duration()
    .refine((text) => text !== 'forever', 'a span of time such as 7d')
    .default('7d')
    .describe('How long after its end a capture is deleted with all its bodies.'),
  max_mb: positive()
    .max(1024 * MEBIBYTES, 'at most 1048576')
    .default(256)
    .describe('Megabytes of bodies after which a capture ends.'),
})

export type CaptureConfig = z.output<typeof captureSchema>

/** `capture`, compiled. */
export interface CaptureSettings {
  readonly enabled: boolean
  readonly recipients: readonly string[]
  readonly longestMs: number
  readonly retentionMs: number
  readonly maxBytes: number
}
