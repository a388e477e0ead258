import { join } from 'node:path'
import type { CertifiedTargets } from '../../catalog/certifications.ts'
import type { CompiledConfig } from '../../config/compile.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Certification } from '../../state/certifications/certification.ts'
import { CERTIFICATION_FILE } from '../../state/certifications/file.ts'
import { openCertificationsForCommand } from '../../state/certifications/open-for-command.ts'
import type { StorePlace } from '../../state/store-place.ts'

/** Where gateways of a configuration have their certifications from. */
export const certificationPlace = ({ state: { shared } }: Pick<CompiledConfig, 'state'>, dataDir: string): StorePlace =>
  shared === undefined ? { kind: 'file', path: join(dataDir, CERTIFICATION_FILE) } : { kind: 'shared', postgres: shared.postgres }

/** What was certified in full. Looking whether a target is alive certifies nothing. */
export const certifiedTargets = (certifications: readonly Certification[]): CertifiedTargets =>
  new Map(
    certifications
      .filter(({ status, mode }) => status === 'certified' && mode === 'full')
      .map(({ target, at, endpoint }) => [target, { at: Date.parse(at), endpoint }]),
  )

/** Those that a command decides by; none when they cannot be read, which `matrix` tells. */
export async function heldCertifications(place: StorePlace, clock: Clock): Promise<CertifiedTargets> {
  const store = openCertificationsForCommand(place, clock)
  try {
    return certifiedTargets(await store.list())
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return new Map()
  } finally {
    await store.close()
  }
}
