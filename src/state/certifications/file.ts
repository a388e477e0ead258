import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { GatewayError } from '../../errors/gateway-error.ts'
import { ChangeWatch } from '../../lib/change-watch.ts'
import type { Clock } from '../../lib/clock.ts'
import { fileMark } from '../../lib/file-mark.ts'
import { replaceFile } from '../../lib/replace-file.ts'
import { type Certification, certificationSchema } from './certification.ts'
import type { CertificationStore } from './store.ts'

/** What is known of targets by trying them, in the data directory. */
export const CERTIFICATION_FILE = 'certifications.json'

const LOOK_EVERY_MS = 3_000

const fileSchema = z.object({ targets: z.record(z.string(), certificationSchema) })

export interface FileCertificationsOptions {
  readonly path: string
  readonly clock: Clock
}

/** Certifications in a file, for one gateway and the commands beside it. */
export function createFileCertifications({ path, clock }: FileCertificationsOptions): CertificationStore {
  const read = (): Map<string, Certification> => new Map(Object.entries(readCertificationFile(path)))
  const changes = new ChangeWatch({ mark: () => fileMark(path) ?? 'none', everyMs: LOOK_EVERY_MS, clock })
  return {
    list: async () => [...read().values()],
    async keep(made) {
      replaceCertificationFile(path, read().set(made.target, made))
    },
    watch: (listener) => changes.watch(listener),
    close: () => changes.close(),
  }
}

/** What the file holds by target, with the fields that another release has added; nothing when there is no file. Throws `state_unavailable`. */
export function readCertificationFile(path: string): Readonly<Record<string, Certification>> {
  const text = textOf(path)
  if (text === undefined) return {}
  try {
    const value = JSON.parse(text) as z.output<typeof fileSchema>
    fileSchema.parse(value)
    return value.targets
  } catch (cause) {
    throw unavailable(
      `The certifications in ${path} cannot be read: it is no file of this program. Remove it and certify again.`,
      cause,
    )
  }
}

/** Replaces the file as a whole. Throws `state_unavailable`, and then the old one stands untouched. */
export function replaceCertificationFile(path: string, kept: ReadonlyMap<string, Certification>): void {
  const sorted = [...kept].sort(([left], [right]) => (left < right ? -1 : 1))
  try {
    replaceFile(path, `${JSON.stringify({ targets: Object.fromEntries(sorted) }, undefined, 1)}\n`)
  } catch (cause) {
    throw unavailable(`The certifications cannot be written to ${path}: ${reasonOf(cause)}.`, cause)
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw unavailable(`The certifications in ${path} cannot be read: ${reasonOf(cause)}.`, cause)
  }
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const unavailable = (message: string, cause: unknown): GatewayError => new GatewayError('state_unavailable', message, { cause })
