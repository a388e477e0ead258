import { rmSync } from 'node:fs'
import { GatewayError } from '../../errors/gateway-error.ts'
import { type Certification, certificationSchema } from '../certifications/certification.ts'
import { readCertificationFile, replaceCertificationFile } from '../certifications/file.ts'
import type { ArchiveRow } from './archive.ts'
import { CERTIFICATIONS } from './parts.ts'
import type { FilePart } from './with-file-parts.ts'

/** Certifications in a file. */
export const certificationFilePart = (path: string): FilePart => ({
  part: CERTIFICATIONS,
  place: path,
  read: () => Object.entries(readCertificationFile(path)).map(([target, made]) => ({ target, body: JSON.stringify(made) })),
  fill(rows) {
    if (rows.length > 0) replaceCertificationFile(path, new Map(rows.map(certificationIn)))
  },
  empty: () => rmSync(path, { force: true }),
})

/** A database also holds what another release has written otherwise; a file of this one does not. */
function certificationIn({ target, body }: ArchiveRow): [target: string, made: Certification] {
  try {
    const made = JSON.parse(String(body)) as Certification
    certificationSchema.parse(made)
    return [String(target), made]
  } catch (cause) {
    throw new GatewayError(
      'state_incompatible',
      `The certification of ${String(target)} was written by another release of Switchback, and a file of this one cannot hold it. Nothing was taken over. Import with that release, or certify the target again before you export.`,
      { cause },
    )
  }
}
