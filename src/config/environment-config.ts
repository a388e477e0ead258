import { parseBind } from '../http/bind-address.schema.ts'
import { upstreamAddress } from '../lib/config-fields.ts'
import { ENVIRONMENT_PRESETS, type EnvironmentPreset } from '../providers/presets/index.ts'
import { variable, type Environment } from './env.ts'
import { MOCK_CONFIG } from './mock-config.data.ts'
import type { ConfigInput } from './schema.ts'
import { pointsAtItself } from './self-address.ts'

/** A configuration made up because there is no file. */
export interface MadeUpConfig {
  readonly input: ConfigInput
  /** Variables it came from; empty for the built-in mock. */
  readonly variables: readonly string[]
  /** Which provider takes model names that begin so. */
  readonly vendorPrefixes: readonly { readonly prefix: string; readonly provider: string }[]
  readonly warnings: readonly string[]
  /** Variables that hold something nobody can use. */
  readonly problems: readonly string[]
}

/**
 * What to serve without a configuration file: the vendors whose keys are in the environment, or else the mock. `SWITCHBACK_BIND` and
 * `SWITCHBACK_API_KEY` stand in for the two settings a container needs.
 *
 * A vendor's own model names (`gpt-…`, `claude-…`) reach that vendor, `provider/model` reaches any, and every other name goes to the
 * first vendor found. The mock is always there, so that a first try costs nothing.
 */
export function environmentConfig(env: Environment, bindOverride?: string): MadeUpConfig {
  const bind = bindOverride ?? variable(env, 'SWITCHBACK_BIND') ?? '127.0.0.1:8765'
  const hasKey = variable(env, 'SWITCHBACK_API_KEY') !== undefined
  const server = { bind, ...(hasKey ? { api_key_env: 'SWITCHBACK_API_KEY' } : {}) }
  const found = ENVIRONMENT_PRESETS.filter((vendor) => variable(env, vendor.keyVariable) !== undefined)
  const [first] = found
  if (first === undefined)
    return { input: { ...MOCK_CONFIG, server }, variables: [], vendorPrefixes: [], warnings: [], problems: [] }
  const warnings: string[] = []
  const problems: string[] = []
  const addressOf = (vendor: EnvironmentPreset): string => {
    const address = variable(env, vendor.addressVariable ?? '')
    if (address === undefined) return vendor.baseUrl
    if (!upstreamAddress().safeParse(address).success)
      problems.push(
        `${vendor.addressVariable} must be an http:// or https:// address without credentials or fragment. Correct or unset it.`,
      )
    const own = parseBind(bind)
    if (own === undefined || !pointsAtItself(address, own)) return address
    // People point this variable at the gateway for their clients; if the gateway followed it, it would call itself for ever.
    warnings.push(
      `${vendor.addressVariable} points at this gateway itself; it is ignored and ${vendor.id} is reached at ${vendor.baseUrl}.`,
    )
    return vendor.baseUrl
  }
  const providers = found.map((vendor) => ({
    id: vendor.id,
    type: vendor.type,
    base_url: addressOf(vendor),
    api_key_env: vendor.keyVariable,
  }))
  return {
    input: { server: { ...server, default_provider: first.id }, providers: [...providers, { id: 'mock', type: 'mock' }] },
    variables: found.map((vendor) => vendor.keyVariable),
    vendorPrefixes: found.flatMap((vendor) => (vendor.prefixes ?? []).map((prefix) => ({ prefix, provider: vendor.id }))),
    warnings,
    problems,
  }
}
