import type { Certifications } from '../../catalog/certifications.ts'
import type { Clock } from '../../lib/clock.ts'
import { watchTextFile } from '../../lib/watch-text-file.ts'
import { daysOf, parseCertifications } from './certification-file.ts'

export interface FollowCertificationsOptions {
  /** `certifications.json` of the data directory. */
  readonly path: string
  readonly clock: Clock
  readonly certifications: Certifications
  /** Told when the file cannot be used; what was read last stays in force. */
  readonly warn: (message: string) => void
}

/** Tells a gateway what has been certified, at once and within seconds of a change. Returns what ends it. */
export function followCertifications({ path, clock, certifications, warn }: FollowCertificationsOptions): () => void {
  return watchTextFile({
    path,
    clock,
    onChange(text) {
      try {
        certifications.replace(daysOf(parseCertifications(text, path)))
      } catch (cause) {
        warn(cause instanceof Error ? cause.message : String(cause))
      }
    },
    onUnreadable: (reason) => warn(`The certifications in ${path} cannot be read: ${reason}.`),
  })
}
