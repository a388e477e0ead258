import { awsDomain } from '../lib/aws-domain.ts'
import type { ProviderConfig } from '../providers/provider.schema.ts'
import { variable, type Environment } from './env.ts'

/** In addresses of the runtime, with or without FIPS, and of endpoints in a VPC. */
const IN_ADDRESS = /bedrock-runtime(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\./

/** The region of a provider of AWS: as it is written, as its address says, else that of the environment. */
export function regionOf(
  { region, base_url: address }: Pick<ProviderConfig, 'region' | 'base_url'>,
  env: Environment,
): string | undefined {
  return region ?? IN_ADDRESS.exec(address ?? '')?.[1] ?? variable(env, 'AWS_REGION') ?? variable(env, 'AWS_DEFAULT_REGION')
}

/** The runtime of Bedrock in a region. */
export const runtimeAddress = (region: string): string => `https://bedrock-runtime.${region}.${awsDomain(region)}`
