import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { CertifiedDays } from '../../catalog/certifications.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { replaceFile } from '../../lib/replace-file.ts'

/** What is known of targets by trying them, in the data directory. */
export const CERTIFICATION_FILE = 'certifications.json'

const resultSchema = z.object({
  id: z.string(),
  verdict: z.enum(['passed', 'failed', 'unsupported', 'skipped']),
  reason: z.string().optional(),
  error_code: z.string().optional(),
})

const certificationSchema = z.object({
  schema: z.literal('switchback.certification/v1'),
  target: z.string(),
  /** ISO 8601. */
  at: z.string(),
  /** Of the program that asked. */
  version: z.string(),
  mode: z.enum(['liveness', 'full']),
  status: z.enum(['certified', 'failed']),
  results: z.array(resultSchema),
})

const fileSchema = z.object({ targets: z.record(z.string(), certificationSchema) })

/** What came of certifying one target. Codes and our own sentences; nothing that a model said. */
export type Certification = z.output<typeof certificationSchema>

/** The newest certification of every target that has one, by target; the text is that of the file. Throws `state_unavailable` when it is no such file. */
export function parseCertifications(text: string | undefined, path: string): ReadonlyMap<string, Certification> {
  if (text === undefined) return new Map()
  try {
    return new Map(Object.entries(fileSchema.parse(JSON.parse(text)).targets))
  } catch (cause) {
    throw new GatewayError(
      'state_unavailable',
      `The certifications in ${path} cannot be read: it is no file of this program. Remove it and certify again.`,
      { cause },
    )
  }
}

/** The certifications of a data directory. Throws `state_unavailable`. */
export function readCertifications(dataDir: string): ReadonlyMap<string, Certification> {
  const path = join(dataDir, CERTIFICATION_FILE)
  return parseCertifications(textOf(path), path)
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('state_unavailable', `The certifications in ${path} cannot be read: ${reason}.`, { cause })
  }
}

/** Keeps certifications in place of earlier ones of the same targets. Throws `state_unavailable`. */
export function keepCertifications(dataDir: string, made: readonly Certification[]): void {
  const path = join(dataDir, CERTIFICATION_FILE)
  const kept = new Map(readCertifications(dataDir))
  for (const certification of made) kept.set(certification.target, certification)
  const sorted = [...kept].sort(([left], [right]) => (left < right ? -1 : 1))
  try {
    replaceFile(path, `${JSON.stringify({ targets: Object.fromEntries(sorted) }, undefined, 1)}\n`)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('state_unavailable', `The certifications cannot be written to ${path}: ${reason}.`, { cause })
  }
}

/** The days on which targets were certified in full. Looking whether one is alive certifies nothing. */
export const daysOf = (certifications: ReadonlyMap<string, Certification>): CertifiedDays =>
  new Map(
    [...certifications].flatMap(([target, { status, mode, at }]): [string, string][] =>
      status === 'certified' && mode === 'full' ? [[target, at.slice(0, 10)]] : [],
    ),
  )

/** Those of a data directory; none when the file is no good, which `matrix` tells. */
export function certifiedDays(dataDir: string): CertifiedDays {
  try {
    return daysOf(readCertifications(dataDir))
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return new Map()
  }
}
