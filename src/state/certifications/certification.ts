import { z } from 'zod'

const resultSchema = z.object({
  id: z.string(),
  verdict: z.enum(['passed', 'failed', 'unsupported', 'skipped']),
  reason: z.string().optional(),
  error_code: z.string().optional(),
})

export const certificationSchema = z.object({
  schema: z.literal('switchback.certification/v1'),
  target: z.string(),
  /** ISO 8601. */
  at: z.string(),
  /** Of the program that asked. */
  version: z.string(),
  /** `ProviderFacts.endpoint` of what was asked; a target with another one has not been certified. */
  endpoint: z.string().optional(),
  mode: z.enum(['liveness', 'full']),
  status: z.enum(['certified', 'failed']),
  results: z.array(resultSchema),
})

/** What came of certifying one target. Codes and our own sentences; nothing that a model said. */
export type Certification = z.output<typeof certificationSchema>
