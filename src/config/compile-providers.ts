import { asProviderId } from '../ir/ids.ts'
import type { Capabilities, ProviderFacts } from '../ir/snapshot.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { RESERVED_HEADERS } from '../lib/reserved-headers.ts'
import type { MockScriptConfig, ProviderConfig } from '../providers/provider.schema.ts'
import { presetOf } from '../providers/presets/index.ts'
import type { AuthScheme, MockModel, ProviderSettings } from '../providers/provider.settings.schema.ts'
import { regionOf, runtimeAddress } from './aws-region.ts'
import { formatOfAddress, formatsOf, isNearby, isVendorItself, normalisedBaseUrl, VENDOR_FORMATS } from './base-url.ts'
import { azureAddress, CLOUD_KEYS, CLOUD_TYPES, vertexAddress } from './cloud-addresses.ts'
import { compileAccounts, type AccountPlace } from './compile-accounts.ts'
import type { CompileContext, ConfigParts, Located } from './compile-context.ts'
import { trustedFrom, type EgressTable } from './compile-egress.ts'
import { addressOf } from './compile-server.ts'
import type { ConfigPath } from './config-path.ts'
import { endpointMark } from './endpoint-mark.ts'
import { offersOf } from './offers-of.ts'
import type { ConfigNotes } from './problem.ts'
import { pointsAtItself } from './self-address.ts'
import { refuseSharedLogins } from './single-user-logins.ts'

/** What providers are compiled in. */
export interface ProviderSurroundings {
  readonly parts: ConfigParts
  readonly ways: EgressTable
  readonly context: CompileContext
}

/** Every provider that could be understood, in the order of the file. */
export function compileProviders(surroundings: ProviderSurroundings, notes: ConfigNotes): ProviderSettings[] {
  const seen = new Set<string>()
  const providers: ProviderSettings[] = []
  for (const provider of surroundings.parts.providers) {
    const { id } = provider.value
    if (seen.has(id)) {
      notes.problem(
        [...provider.path, 'id'],
        `Two providers are named ${id}. Give each its own id; several keys for one upstream are \`accounts\` of one provider.`,
      )
      continue
    }
    seen.add(id)
    const settings = compileProvider(provider, surroundings, notes)
    if (settings !== undefined) providers.push(settings)
  }
  return providers
}

function compileProvider(
  provider: Located<ProviderConfig>,
  surroundings: ProviderSurroundings,
  notes: ConfigNotes,
): ProviderSettings | undefined {
  const { parts, context } = surroundings
  const { value, path } = provider
  const format = formatOf(provider, notes)
  const baseUrl = addressOfUpstream(value, format, context)
  checkKeysOfType(provider, notes)
  if (baseUrl === undefined) {
    missingAddress(provider, notes)
    return undefined
  }
  if (value.type !== 'mock' && pointsAtItself(baseUrl, addressOf(parts, context))) {
    notes.problem(
      [...path, 'base_url'],
      'This is the address the gateway itself listens on: calls would go round for ever. Name the upstream, or let the gateway listen elsewhere.',
    )
  }
  const egress = egressOf(provider, baseUrl, surroundings, notes)
  const accounts = compileAccounts(provider, { baseUrl, egress }, context, notes)
  refuseSharedLogins(provider, addressOf(parts, context), notes)
  const hasKeys = accounts.some(({ apiKey, credential }) => apiKey !== undefined || credential !== undefined)
  if (baseUrl.startsWith('http://') && !isNearby(baseUrl) && hasKeys) {
    notes.warning(
      [...path, 'base_url'],
      'Keys and prompts go to this host over plain HTTP, where others can read them. Use https://.',
    )
  }
  return {
    id: asProviderId(value.id),
    type: value.type,
    format,
    ...(value.format === 'auto' ? { findsFormat: true } : {}),
    baseUrl,
    authScheme: value.auth_scheme ?? defaultAuthScheme(value.type, format),
    accounts,
    capabilities: capabilitiesOf(value),
    offers: offersOf(value, baseUrl, format),
    tags: value.tags,
    modelTags: new Map(Object.entries(value.model_tags)),
    quirks: quirksOf(value, baseUrl, format),
    headers: headersOf(provider, notes),
    mockModels: value.models.filter((model) => typeof model !== 'string').map(mockModelOf),
  }
}

/** The way of an account of this provider, by the one it names. */
function egressOf(
  { value, path }: Located<ProviderConfig>,
  baseUrl: string,
  { parts, ways, context }: ProviderSurroundings,
  notes: ConfigNotes,
): AccountPlace['egress'] {
  const publicOnly = parts.server.block_private_networks === true && !value.allow_private && value.type !== 'mock'
  if (publicOnly && isNearby(baseUrl)) {
    notes.warning(
      [...path, 'base_url'],
      'This address is, or looks like, one of a private network, and `server.block_private_networks` refuses calls to those. Set `allow_private: true` if it is meant.',
    )
  }
  const trusted = trustedFrom(value.ca_file, [...path, 'ca_file'], context, notes)
  const own = value.egress === undefined ? undefined : { value: value.egress, path: [...path, 'egress'] }
  return (named) => ways.pathFor({ named: [named, own], publicOnly, trusted })
}

/** Messages in the envelope of Bedrock are Messages; that they are wrapped follows from the type of the provider. */
function wireFormatOf({ type, format }: ProviderConfig): WireFormat {
  if (format === 'bedrock_anthropic') return 'anthropic'
  return format === 'auto' || format === undefined ? (VENDOR_FORMATS[type] ?? 'openai') : format
}

function addressOfUpstream(value: ProviderConfig, format: WireFormat, { env }: CompileContext): string | undefined {
  if (value.type === 'vertex') return vertexAddress(value, format)
  if (value.type === 'azure') return azureAddress(value, format)
  const region = value.type === 'bedrock' ? regionOf(value, env) : undefined
  const ofRegion = region === undefined ? undefined : runtimeAddress(region)
  return normalisedBaseUrl(value.base_url ?? ofRegion, value.type, format)
}

/** What an address is made of, by type, and an example. */
function missingAddress({ value, path }: Located<ProviderConfig>, notes: ConfigNotes): void {
  if (value.type === 'vertex') {
    const missing = CLOUD_KEYS.vertex.filter((key) => value[key] === undefined)
    notes.problem(
      path,
      `Providers of type vertex need ${missing.map((key) => `\`${key}\``).join(' and ')}: the project, and where its models run, such as \`region: global\`.`,
      { expected: missing.join(', '), wants: missing, found: 'nothing' },
    )
    return
  }
  if (value.type === 'bedrock') {
    notes.problem(path, 'Providers of type bedrock need `region`, such as us-east-1, or AWS_REGION in the environment.', {
      expected: 'region',
      wants: ['region', 'base_url'],
      found: 'nothing',
    })
    return
  }
  const wanted = value.type === 'azure' ? 'resource' : 'base_url'
  const known = presetOf(value.id)
  const example = value.type === 'azure' ? 'my-resource' : (known?.baseUrl ?? 'https://openrouter.ai/api/v1')
  const what = value.type === 'azure' ? 'the name of the resource' : 'the address of the upstream'
  notes.problem(path, `Providers of type ${value.type} need \`${wanted}\`, ${what}, such as ${example}.`, {
    expected: wanted,
    wants: [wanted],
    found: 'nothing',
  })
}

function defaultAuthScheme(type: ProviderConfig['type'], format: WireFormat): AuthScheme {
  if (type === 'mock') return { kind: 'none' }
  if (type === 'azure') return { kind: 'header', name: format === 'anthropic' ? 'x-api-key' : 'api-key' }
  if (format === 'gemini' && type !== 'vertex') return { kind: 'header', name: 'x-goog-api-key' }
  return type === 'anthropic' && format === 'anthropic' ? { kind: 'header', name: 'x-api-key' } : { kind: 'bearer' }
}

/** The format to speak; with `auto`, the one until another is found out. A vendor that does not speak a format would refuse every call. */
function formatOf(provider: Located<ProviderConfig>, notes: ConfigNotes): WireFormat {
  const { value, path } = provider
  const format = wireFormatOf(value)
  if (value.format === 'auto' && value.type !== 'openai_compatible') {
    notes.problem(
      [...path, 'format'],
      `Only providers of type openai_compatible have formats to be found out. Name the format, or leave it out for that of ${value.type}.`,
      { expected: `one of ${formatsOf(value.type).join(', ')}`, found: 'auto' },
    )
    return format
  }
  if (value.format === undefined && value.type === 'openai_compatible') tellUnlikelyChat(value.base_url, path, notes)
  checkFormat(provider, format, notes)
  return format
}

/** A vendor that does not speak a format would refuse every call. */
function checkFormat({ value, path }: Located<ProviderConfig>, format: WireFormat, notes: ConfigNotes): void {
  const isOther = value.format === 'bedrock_anthropic' && value.type !== 'bedrock'
  const known = formatsOf(value.type)
  if (known.includes(format) && !isOther) return
  if (isOther || format === 'bedrock_converse') {
    notes.problem(
      [...path, 'format'],
      `Only providers of type bedrock speak ${value.format}. Use \`type: bedrock\` with a \`region\`.`,
      {
        expected: `one of ${known.join(', ')}`,
        found: value.format ?? format,
      },
    )
    return
  }
  notes.problem(
    [...path, 'format'],
    `Providers of type ${value.type} do not speak ${format}. Use \`type: openai_compatible\` with the \`base_url\` of a server that does.`,
    { expected: `one of ${known.join(', ')}`, found: format },
  )
}

/** Chat Completions is spoken where no format is named, which is wrong at addresses that belong to another one. */
function tellUnlikelyChat(baseUrl: string | undefined, path: ConfigPath, notes: ConfigNotes): void {
  const likely = baseUrl === undefined ? undefined : formatOfAddress(baseUrl)
  if (likely === undefined) return
  notes.warning(
    [...path, 'base_url'],
    `No format is named, so Chat Completions is spoken here, and the address looks like one of ${likely}. Add \`format: ${likely}\`, or \`format: openai\` if it is meant.`,
  )
}

/** Keys that mean nothing for the type of the provider. */
function checkKeysOfType({ value, path }: Located<ProviderConfig>, notes: ConfigNotes): void {
  if (value.type === 'mock' && value.base_url !== undefined) {
    notes.warning(
      [...path, 'base_url'],
      'A mock provider calls nobody; its `base_url` is ignored. Did you mean `type: openai_compatible`?',
    )
  }
  for (const key of new Set(Object.values(CLOUD_KEYS).flat())) {
    const types = CLOUD_TYPES.filter((type) => (CLOUD_KEYS[type] as readonly string[]).includes(key))
    if (value[key] === undefined || (types as readonly string[]).includes(value.type)) continue
    notes.problem([...path, key], `Only providers of type ${types.join(' or ')} have \`${key}\`. Remove it.`, { atKey: true })
  }
  for (const [index, model] of value.models.entries()) {
    const script = typeof model === 'string' ? [] : Object.keys(model).filter((key) => key !== 'name')
    if (value.type !== 'mock' && script.length > 0) {
      notes.problem(
        [...path, 'models', index],
        `Only providers of type mock can have scripted models (${script.join(', ')}). Write the plain model name.`,
      )
    }
  }
}

function headersOf({ value, path }: Located<ProviderConfig>, notes: ConfigNotes): Record<string, string> {
  for (const name of Object.keys(value.headers)) {
    if (!RESERVED_HEADERS.has(name.toLowerCase())) continue
    notes.problem(
      [...path, 'headers', name],
      `The header ${name} cannot be set here: it carries a credential or belongs to the connection. Keys belong into \`accounts\`, their place into \`auth_scheme\`.`,
      { atKey: true },
    )
  }
  return value.headers
}

function capabilitiesOf({ capabilities }: ProviderConfig): Capabilities {
  return {
    streaming: capabilities.streaming,
    toolCalling: capabilities.tool_calling,
    parallelToolCalls: capabilities.parallel_tool_calls,
    jsonSchema: capabilities.json_schema,
    visionIn: capabilities.vision_in,
    audioIn: capabilities.audio_in,
    fileIn: capabilities.file_in,
    hostedTools: capabilities.server_tools,
    reasoning: capabilities.reasoning,
    reasoningSummary: capabilities.reasoning_summary,
    imageOut: capabilities.image_out,
    visionSources: capabilities.vision_sources,
    maxContextTokens: capabilities.max_context_tokens,
    maxOutputTokens: capabilities.max_output_tokens,
  }
}

/** Declared deviations under the names of `WireQuirks`. Whether the vendor itself is behind the address is always said. */
function quirksOf({ quirks }: ProviderConfig, baseUrl: string, format: WireFormat): Record<string, unknown> {
  const { first_party: firstParty = isVendorItself(baseUrl, format), ...rest } = quirks
  const named = Object.entries(rest).filter(([, setting]) => setting !== undefined)
  return { ...Object.fromEntries(named.map(([name, setting]) => [camelCase(name), setting])), firstParty }
}

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase())

const mockModelOf = (script: MockScriptConfig): MockModel => ({
  name: script.name,
  text: script.text,
  reasoning: script.reasoning,
  tool: script.tool,
  failStatus: script.fail_status,
  failTimes: script.fail_times,
  delayMs: script.delay_ms,
  chunkDelayMs: script.chunk_delay_ms,
  cutAfterChunks: script.cut_after_chunks,
})

/** What routing knows of a provider. */
export const factsOf = (settings: ProviderSettings): ProviderFacts => ({
  id: settings.id,
  type: settings.type,
  format: settings.format,
  endpoint: endpointMark(settings),
  accounts: settings.accounts.map(({ id, priority }) => ({ id, priority })),
  firstParty: settings.quirks['firstParty'] === true,
  ...(settings.findsFormat === true ? { findsFormat: true } : {}),
  capabilities: settings.capabilities,
  offers: new Set(settings.offers),
  tags: settings.tags ?? [],
  modelTags: settings.modelTags ?? new Map(),
})
