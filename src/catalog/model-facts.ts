import catalogue from './models.data.json' with { type: 'json' }

/** What is known of a model as one provider serves it; undefined is unknown. Limits in tokens. */
export interface ModelEntry {
  readonly contextWindow?: number | undefined
  readonly maxOutputTokens?: number | undefined
  /** How extended thinking is asked for. */
  readonly thinking?: 'budget' | 'adaptive' | 'both' | 'none' | undefined
  /** Whether temperature and friends are accepted. */
  readonly sampling?: boolean | undefined
  readonly toolCalling?: boolean | undefined
  /** Whether an answer can be held to a JSON Schema. */
  readonly jsonSchema?: boolean | undefined
  readonly visionIn?: boolean | undefined
  readonly audioIn?: boolean | undefined
  readonly videoIn?: boolean | undefined
  /** Whether documents (PDF) are read. */
  readonly fileIn?: boolean | undefined
  readonly reasoning?: boolean | undefined
  readonly openWeights?: boolean | undefined
  readonly deprecated?: boolean | undefined
  /** Day or month of release, ISO 8601 (`2026-04-16`, `2026-04`). */
  readonly released?: string | undefined
  /** Up to when the model has read, ISO 8601. */
  readonly knowledge?: string | undefined
}

type Row = readonly [
  context: number | null,
  output: number | null,
  thinking: string,
  sampling: boolean,
  abilities: string,
  released: string | null,
  knowledge: string | null,
]

/** What the letters of a row's abilities speak of, in the order of the data file (`abilities`). */
const ABILITIES = [
  'toolCalling',
  'jsonSchema',
  'visionIn',
  'audioIn',
  'videoIn',
  'fileIn',
  'reasoning',
  'openWeights',
  'deprecated',
] as const

interface CatalogueProvider {
  readonly host: string | null
  readonly models: Readonly<Record<string, Row>>
}

const PROVIDERS: Readonly<Record<string, CatalogueProvider>> = catalogue.providers as unknown as Record<string, CatalogueProvider>
/** Vendors whose bare model names are unambiguous, asked in this order when the provider itself is not in the catalogue. */
const VENDORS = ['anthropic', 'openai', 'google', 'xai', 'mistral', 'deepseek', 'moonshotai', 'zai', 'groq'] as const
const UNKNOWN: ModelEntry = {}

/**
 * Facts of a model as served by a provider: by the provider's id or the host of its base URL, then by the vendor of the model's own
 * name (`anthropic/claude-…`, `claude-…`). Costs a few look-ups by name and one small object; whoever asks often remembers the
 * answer. Source and date stand in the data file.
 */
export function catalogueFacts(providerId: string, host: string, model: string): ModelEntry {
  const row = providerRow(providerId, host, model) ?? vendorRow(model)
  return row === undefined ? UNKNOWN : entryOf(row)
}

function entryOf([context, output, thinking, sampling, abilities, released, knowledge]: Row): ModelEntry {
  const entry: { -readonly [Name in keyof ModelEntry]: ModelEntry[Name] } = { sampling }
  if (context !== null) entry.contextWindow = context
  if (output !== null) entry.maxOutputTokens = output
  if (isThinking(thinking)) entry.thinking = thinking
  for (const [index, name] of ABILITIES.entries()) {
    const letter = abilities[index]
    if (letter === 'y' || letter === 'n') entry[name] = letter === 'y'
  }
  if (released !== null) entry.released = released
  if (knowledge !== null) entry.knowledge = knowledge
  return entry
}

function providerRow(providerId: string, host: string, model: string): Row | undefined {
  const byId = ownRow(providerOf(providerId), model)
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
    const row = ownRow(providerOf(model.slice(0, slash)), model.slice(slash + 1))
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

const providerOf = (id: string): CatalogueProvider | undefined => (Object.hasOwn(PROVIDERS, id) ? PROVIDERS[id] : undefined)
