import type { WireFormat } from '../ir/wire-format.ts'
import type { ProviderConfig } from '../providers/provider.schema.ts'

type CloudPlace = Pick<ProviderConfig, 'base_url' | 'project' | 'region' | 'resource' | 'api_version'>

/** What types of providers are told of where they are, and nobody else. */
export const CLOUD_KEYS = {
  vertex: ['project', 'region'],
  azure: ['resource', 'api_version'],
  bedrock: ['region', 'access_key_env', 'secret_key_env', 'session_token_env'],
} as const
export const CLOUD_TYPES = Object.keys(CLOUD_KEYS) as (keyof typeof CLOUD_KEYS)[]

/** Regions that are many, and those without a region of their own. Source: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations */
const VERTEX_HOSTS: Readonly<Record<string, string>> = {
  global: 'https://aiplatform.googleapis.com',
  us: 'https://aiplatform.us.rep.googleapis.com',
  eu: 'https://aiplatform.eu.rep.googleapis.com',
}

const PUBLISHERS: Readonly<Partial<Record<WireFormat, string>>> = {
  gemini: 'publishers/google',
  anthropic: 'publishers/anthropic',
  // Models of others, and Google's own, in OpenAI's format.
  openai: 'endpoints/openapi',
}

/** Below what the models of a publisher are found at Vertex AI; undefined when project or region are missing. */
export function vertexAddress({ base_url: base, project, region }: CloudPlace, format: WireFormat): string | undefined {
  if (project === undefined || region === undefined) return undefined
  const host =
    base?.replace(/\/+$/, '').replace(/\/v1$/, '') ?? VERTEX_HOSTS[region] ?? `https://${region}-aiplatform.googleapis.com`
  return `${host}/v1/projects/${project}/locations/${region}/${PUBLISHERS[format] ?? ''}`
}

/**
 * Where a resource of Azure serves the format; undefined when neither it nor an address is named. An address may be copied with its path
 * and version, which then count.
 */
export function azureAddress(
  { base_url: base, resource, api_version: asked }: CloudPlace,
  format: WireFormat,
): string | undefined {
  const host = format === 'anthropic' ? 'services.ai.azure.com' : 'openai.azure.com'
  const url = URL.parse(base ?? (resource === undefined ? '' : `https://${resource}.${host}`))
  if (url === null) return undefined
  const root = `${url.origin}${url.pathname.replace(/\/(openai|anthropic)(\/.*)?$/, '').replace(/\/+$/, '')}`
  if (format === 'anthropic') return `${root}/anthropic`
  const version = asked ?? url.searchParams.get('api-version') ?? undefined
  return version === undefined ? `${root}/openai/v1` : `${root}/openai?api-version=${encodeURIComponent(version)}`
}
