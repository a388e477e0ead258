/**
 * Makes `src/catalog/models.data.json` from a models.dev extract: `bun tools/build-model-catalogue.ts FILE`. Only facts are taken over:
 * limits, abilities, dates, how reasoning is asked for, and whether sampling parameters are accepted. Prices come from elsewhere.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

interface SourceModel {
  readonly reasoning?: boolean
  readonly reasoning_options?: readonly { readonly type: string }[] | null
  readonly temperature?: boolean
  readonly tool_call?: boolean
  readonly structured_output?: boolean
  readonly open_weights?: boolean
  readonly status?: string
  readonly release_date?: string
  readonly knowledge?: string
  readonly limit?: { readonly context?: number; readonly output?: number }
  readonly modalities?: { readonly input?: readonly string[]; readonly output?: readonly string[] }
}

interface Source {
  readonly source: string
  readonly licence: string
  readonly as_of: string
  readonly providers: Record<string, { readonly api?: string; readonly models: Record<string, SourceModel> }>
}

/** The columns of a row, in order; `src/catalog/model-facts.ts` reads them. */
const COLUMNS = ['context', 'output', 'thinking', 'sampling', 'abilities', 'released', 'knowledge']
/** What each letter of `abilities` speaks of: `y` yes, `n` no, `?` the source does not say. */
const ABILITIES = [
  'tools',
  'json_schema',
  'image_in',
  'audio_in',
  'video_in',
  'pdf_in',
  'reasoning',
  'open_weights',
  'deprecated',
]

function thinking({ reasoning, reasoning_options: options }: SourceModel): string {
  if (reasoning !== true) return 'none'
  const types = new Set((options ?? []).map((option) => option.type))
  if (types.has('effort')) return types.has('budget_tokens') ? 'both' : 'adaptive'
  return types.has('budget_tokens') ? 'budget' : 'unknown'
}

const letter = (value: boolean | undefined): string => (value === undefined ? '?' : value ? 'y' : 'n')

function abilities(model: SourceModel): string {
  const takes = (kind: string): boolean | undefined => model.modalities?.input?.includes(kind)
  return [
    model.tool_call,
    model.structured_output,
    takes('image'),
    takes('audio'),
    takes('video'),
    takes('pdf'),
    model.reasoning,
    model.open_weights,
    model.status === 'deprecated',
  ]
    .map(letter)
    .join('')
}

function row(model: SourceModel): readonly (string | number | boolean | null)[] {
  return [
    model.limit?.context || null,
    model.limit?.output || null,
    thinking(model),
    model.temperature !== false,
    abilities(model),
    model.release_date ?? null,
    model.knowledge ?? null,
  ]
}

const file = process.argv[2]
if (file === undefined) {
  process.stderr.write('usage: bun tools/build-model-catalogue.ts models-dev.json\n')
  process.exit(2)
}
const source = JSON.parse(readFileSync(file, 'utf8')) as Source
const providers = Object.fromEntries(
  Object.entries(source.providers).map(([id, provider]) => [
    id,
    {
      host: provider.api === undefined ? null : new URL(provider.api).host,
      models: Object.fromEntries(Object.entries(provider.models).map(([model, facts]) => [model, row(facts)])),
    },
  ]),
)
const target = path.resolve(import.meta.dirname, '../src/catalog/models.data.json')
const { source: name, licence, as_of } = source
writeFileSync(target, `${JSON.stringify({ source: name, licence, as_of, columns: COLUMNS, abilities: ABILITIES, providers })}\n`)
