/**
 * Makes `src/catalog/models.data.json` from a models.dev extract: `bun tools/build-model-catalogue.ts FILE`. Only facts are taken over:
 * limits, how reasoning is asked for, and whether sampling parameters are accepted.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

interface SourceModel {
  readonly reasoning?: boolean
  readonly reasoning_options?: readonly { readonly type: string }[] | null
  readonly temperature?: boolean
  readonly limit?: { readonly context?: number; readonly output?: number }
}

interface Source {
  readonly source: string
  readonly licence: string
  readonly as_of: string
  readonly providers: Record<string, { readonly api?: string; readonly models: Record<string, SourceModel> }>
}

function thinking({ reasoning, reasoning_options: options }: SourceModel): string {
  if (reasoning !== true) return 'none'
  const types = new Set((options ?? []).map((option) => option.type))
  if (types.has('effort')) return types.has('budget_tokens') ? 'both' : 'adaptive'
  return types.has('budget_tokens') ? 'budget' : 'unknown'
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
      models: Object.fromEntries(
        Object.entries(provider.models).map(([model, facts]) => [
          model,
          [facts.limit?.context ?? null, facts.limit?.output || null, thinking(facts), facts.temperature !== false],
        ]),
      ),
    },
  ]),
)
const target = path.resolve(import.meta.dirname, '../src/catalog/models.data.json')
writeFileSync(
  target,
  `${JSON.stringify({ source: source.source, licence: source.licence, as_of: source.as_of, columns: ['context', 'output', 'thinking', 'sampling'], providers })}\n`,
)
