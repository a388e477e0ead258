import type { LoadConfigOptions } from '../config/load.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../lib/clock.ts'
import { loadDecisionWorld } from './decision-world.ts'
import { checkClock } from './doctor/check-clock.ts'
import { checkConfiguration } from './doctor/check-configuration.ts'
import { checkDataDirectory } from './doctor/check-data-directory.ts'
import { checkNetwork } from './doctor/check-network.ts'
import { checkPolicyTests } from './doctor/check-policies.ts'
import { checkPrices } from './doctor/check-prices.ts'
import { checkProviders } from './doctor/check-providers.ts'
import { checkServers } from './doctor/check-servers.ts'
import { checkTargets } from './doctor/check-targets.ts'
import { failure, type CheckName, type Finding } from './doctor/finding.ts'
import { environmentProxy } from '../transport/environment-proxy.ts'
import { openConfig } from './open-config.ts'
import { openPriceShelf } from './price-shelf.ts'

export interface DoctorOptions extends LoadConfigOptions {
  readonly dataDir: string
  readonly clock: Clock
  /** Also try to reach the providers. Without it nothing is reached but the servers of a shared state. */
  readonly reachProviders?: boolean | undefined
}

/** What is right and wrong with a gateway before, or beside, its running. */
export interface DoctorReport {
  readonly schema: 'switchback.doctor/v1'
  /** Nothing failed; warnings are allowed. */
  readonly ok: boolean
  /** The configuration would not be taken. */
  readonly refused: boolean
  readonly failures: number
  readonly warnings: number
  readonly findings: readonly Finding[]
}

/** Looks at configuration, policies, data, servers of a shared state, prices, providers, targets and clock. Changes nothing and calls no provider. */
export async function runDoctor(options: DoctorOptions): Promise<DoctorReport> {
  const { dataDir, clock, reachProviders } = options
  const now = clock.wall()
  const loaded = await openConfig(options)
  const findings: Finding[] = checkConfiguration(loaded)
  findings.push(...(await checkDataDirectory({ dataDir, store: loaded.ok ? loaded.compiled.state.store : undefined, clock })))
  if (loaded.ok && loaded.compiled.state.shared !== undefined)
    findings.push(...(await checkServers({ shared: loaded.compiled.state.shared, clock })))
  const shelf = await openPriceShelf({ dataDir, shared: loaded.ok ? loaded.compiled.state.shared : undefined, clock }).catch(
    asFailure('prices'),
  )
  if ('status' in shelf) findings.push(shelf)
  else findings.push(...checkPrices(shelf.own, now))
  if (loaded.ok && !('status' in shelf)) {
    const { compiled } = loaded
    const { factsOf } = await loadDecisionWorld({ config: compiled, dataDir, clock, at: now })
    findings.push(...checkPolicyTests(compiled, factsOf), ...checkProviders(compiled), ...checkTargets(compiled.routing, factsOf))
    if (reachProviders === true) {
      const ways = { proxied: environmentProxy(options.env), mayLeave: compiled.server.egressEnabled }
      findings.push(...(await checkNetwork(compiled.providers, ways)))
    }
  }
  findings.push(...checkClock(dataDir, now))
  return reportOf(findings)
}

const asFailure =
  (check: CheckName) =>
  (error: unknown): Finding => {
    if (!(error instanceof GatewayError)) throw error
    return failure(check, error.message)
  }

function reportOf(findings: readonly Finding[]): DoctorReport {
  const failing = findings.filter(({ status }) => status === 'failure')
  return {
    schema: 'switchback.doctor/v1',
    ok: failing.length === 0,
    refused: failing.some(({ check }) => check === 'configuration' || check === 'policies'),
    failures: failing.length,
    warnings: findings.filter(({ status }) => status === 'warning').length,
    findings,
  }
}
