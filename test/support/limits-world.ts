import { compileOverrides } from '../../src/catalog/prices/override-prices.ts'
import { priceFileSchema } from '../../src/catalog/prices/prices.schema.ts'
import { limitStatus, type LimitStatus } from '../../src/operations/limit-status.ts'
import { asApiKeyId, asTenantId } from '../../src/ir/ids.ts'
import { CHAT, serving, type ClientFormat } from './client-formats.ts'
import type { FakeUpstream, Reply, ReplyFor } from './fake-upstream.ts'
import { providerAt, type TestGateway, type TestGatewayOptions, type TestWorld } from './gateway-fixture.ts'

type Json = Record<string, unknown>

/** Of the one caller. */
export const KEY = 'key-of-the-caller'

/** A gateway with one caller (key `caller` of tenant `team`, project `app`, owner `alice`) and an upstream at a dollar per million tokens. */
export interface LimitsWorld {
  readonly upstream: FakeUpstream
  readonly gateway: TestGateway
  readonly post: (client?: ClientFormat, extra?: Json, init?: CallInit) => Promise<Response>
  /** How the caller's limits stand. */
  readonly status: () => Promise<LimitStatus[]>
  /** Dollars spent of the caller's first budget. */
  readonly spent: () => Promise<number>
}

interface CallInit {
  readonly signal?: AbortSignal
  readonly headers?: Readonly<Record<string, string>>
}

export interface LimitsWorldOptions {
  /** Of the key. */
  readonly key?: Json
  readonly reply?: Reply | ReplyFor
  readonly gateway?: TestGatewayOptions
  readonly models?: readonly string[]
  readonly isPriced?: boolean
}

export async function openLimits(world: TestWorld, config: Json, options: LimitsWorldOptions = {}): Promise<LimitsWorld> {
  const upstream = await world.upstream(options.reply ?? serving(CHAT))
  const gateway = await world.gateway(
    {
      api_keys: [{ key: KEY, prefix: 'caller', tenant: 'team', project: 'app', owner: 'alice', ...options.key }],
      providers: [providerAt('up', upstream, 'openai')],
      ...config,
    },
    options.gateway,
  )
  if (options.isPriced !== false) await setPrices(gateway, options.models ?? ['up/m'])
  const principal = {
    role: 'client',
    keyId: asApiKeyId('caller'),
    tenant: asTenantId('team'),
    project: 'app',
    owner: 'alice',
  } as const
  const status = (): Promise<LimitStatus[]> => limitStatus(gateway.gateway.limiter, principal)
  return {
    upstream,
    gateway,
    post: (client = CHAT, extra = {}, init = {}) =>
      gateway.post(
        client.path,
        { ...client.call('up/m'), ...extra },
        { ...init, headers: { authorization: `Bearer ${KEY}`, ...init.headers } },
      ),
    status,
    async spent() {
      const budget = (await status()).find((row) => row.measure === 'usd')
      if (budget?.measure !== 'usd') throw new Error('the caller has no budget')
      return budget.spent_usd
    },
  }
}

/** A dollar for a million tokens, in and out. */
export async function setPrices(gateway: TestGateway, models: readonly string[], input = 1, output = 1): Promise<void> {
  await gateway.gateway.prices.warm()
  const prices = Object.fromEntries(models.map((model) => [model, { input, output }]))
  gateway.gateway.prices.replaceOverrides(compileOverrides(priceFileSchema.parse({ prices }).prices))
}
