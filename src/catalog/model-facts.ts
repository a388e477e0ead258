import catalogue from './models.data.json' with { type: 'json' }

/** What is known of a model; undefined is unknown. Limits in tokens. */
export interface CatalogueFacts {
  readonly contextWindow?: number | undefined
  readonly maxOutputTokens?: number | undefined
  readonly thinking?: 'budget' | 'adaptive' | 'both' | 'none' | undefined
  readonly sampling?: boolean | undefined
}

type Row = readonly [context: number | null, output: number | null, thinking: string, sampling: boolean]

interface CatalogueProvider {
  readonly host: string | null
  readonly models: Readonly<Record<string, Row>>
}

const PROVIDERS: Readonly<Record<string, CatalogueProvider>> = catalogue.providers as unknown as Record<string, CatalogueProvider>
/** Vendors whose bare model names are unambiguous, asked in this order when the provider itself is not in the catalogue. */
const VENDORS = ['anthropic', 'openai', 'google', 'xai', 'mistral', 'deepseek', 'moonshotai', 'zai', 'groq'] as const
const UNKNOWN: CatalogueFacts = {}

/**
 * Facts of a model as served by a provider: by the provider's id or the host of its base URL, then by the vendor of the model's own
 * name (`anthropic/claude-…`, `claude-…`). Source and date stand in the data file.
 */
export function catalogueFacts(providerId: string, host: string, model: string): CatalogueFacts {
  const row = providerRow(providerId, host, model) ?? vendorRow(model)
  if (row === undefined) return UNKNOWN
  const [context, output, thinking, sampling] = row
  return {
    ...(context === null ? {} : { contextWindow: context }),
    ...(output === null ? {} : { maxOutputTokens: output }),
    ...(isThinking(thinking) ? { thinking } : {}),
    sampling,
  }
}

function providerRow(providerId: string, host: string, model: string): Row | undefined {
  const byId = ownRow(PROVIDERS[providerId], model)
  if (byId !== undefined) return byId
  for (const provider of Object.values(PROVIDERS)) {
    if (provider.host !== host) continue
    const row = ownRow(provider, model)
    if (row !== undefined) return row
  }
  return undefined
}

function vendorRow(model: string): Row | undefined {
  const slash = model.indexOf('/')
  if (slash > 0) {
    const row = ownRow(PROVIDERS[model.slice(0, slash)], model.slice(slash + 1))
    if (row !== undefined) return row
  }
  for (const vendor of VENDORS) {
    const row = ownRow(PROVIDERS[vendor], model)
    if (row !== undefined) return row
  }
  return undefined
}

function ownRow(provider: CatalogueProvider | undefined, model: string): Row | undefined {
  return provider !== undefined && Object.hasOwn(provider.models, model) ? provider.models[model] : undefined
}

const isThinking = (value: string): value is 'budget' | 'adaptive' | 'both' | 'none' =>
  value === 'budget' || value === 'adaptive' || value === 'both' || value === 'none'
