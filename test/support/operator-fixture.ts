import type { AccountPool } from '../../src/credentials/account-pool.ts'
import { createAccountPool } from '../../src/credentials/memory-account-pool.ts'
import type { HttpApp } from '../../src/http/http-app.types.ts'
import type { ServerSettings } from '../../src/http/server.settings.schema.ts'
import { asAccountId, asProviderId } from '../../src/ir/ids.ts'
import type { OperatorParts } from '../../src/operations/disable-switches.ts'
import { createMemoryDisables } from '../../src/state/disables/memory.ts'
import type { DisableStore } from '../../src/state/disables/store.ts'
import { createMemoryHealth } from '../../src/state/health/memory.ts'
import type { HealthStore } from '../../src/state/health/store.ts'
import { compiledConfig } from './gateway-fixture.ts'
import { createFixture } from './http-app-fixture.ts'
import { ManualClock } from './manual-clock.ts'

/** Two providers: `acme` with two accounts and two models, `open` that takes any model. */
export const OPERATED_CONFIG = {
  providers: [
    {
      id: 'acme',
      type: 'openai_compatible',
      base_url: 'https://acme.example/v1',
      models: ['large', 'org/small'],
      accounts: [
        { id: 'main', api_key: 'key-main' },
        { id: 'spare', api_key: 'key-spare' },
      ],
    },
    { id: 'open', type: 'openai_compatible', base_url: 'https://open.example/v1', auth_scheme: { kind: 'none' } },
  ],
}

export const ACME = asProviderId('acme')
export const MAIN = asAccountId('main')

export interface OperatedGateway {
  readonly app: HttpApp
  readonly clock: ManualClock
  readonly disables: DisableStore
  readonly accounts: AccountPool
  readonly health: HealthStore
  readonly parts: OperatorParts
}

/** The HTTP interface over real stores of state, on a manual clock. */
export function operatedGateway(settings: Partial<ServerSettings> = {}): OperatedGateway {
  const clock = new ManualClock()
  const { routing, providers } = compiledConfig(OPERATED_CONFIG)
  const disables = createMemoryDisables({ clock })
  const accounts = createAccountPool({ providers, clock, disables })
  const health = createMemoryHealth({ clock })
  const parts: OperatorParts = { snapshot: () => routing, disables, accounts, health }
  const { app } = createFixture(settings, { operator: parts, snapshot: () => routing, clock })
  return { app, clock, disables, accounts, health, parts }
}
