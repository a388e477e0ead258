import { randomBytes } from 'node:crypto'
import { readIssuedLimits } from '../config/issued-limits.ts'
import type { Limiter } from '../engine/limits/limiter.ts'
import type { LiveConfig } from '../operations/live-config.ts'
import type { FollowedKeys } from '../operations/tenancy/follow-keys.ts'
import { knownNames } from '../operations/tenancy/known-names.ts'
import { selfReportsOf } from '../operations/tenancy/self-reports-of.ts'
import type { TenancyParts } from '../operations/tenancy/tenancy-parts.ts'
import type { GatewayState } from '../state/open-state.ts'
import type { Surroundings } from './surroundings.ts'

export interface TenancyBuild extends Pick<Surroundings, 'clock'> {
  readonly state: Pick<GatewayState, 'tenancy' | 'audit' | 'records' | 'ledger'>
  readonly live: LiveConfig
  readonly issued: FollowedKeys
  readonly limiter: Limiter
}

/** What the use-cases about keys and tenants work on, in a gateway that runs. */
export const buildTenancy = ({ state, live, clock, issued, limiter }: TenancyBuild): TenancyParts => ({
  store: state.tenancy,
  audit: state.audit,
  clock,
  random: randomBytes,
  known: () => knownNames(live.config),
  readLimits: readIssuedLimits,
  useOf: (id) => issued.keys.useOf(id),
  records: state.records,
  reports: selfReportsOf({ limiter, ledger: state.ledger, clock }),
})
