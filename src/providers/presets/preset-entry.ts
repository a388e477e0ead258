import type { Preset } from './preset.types.ts'

/** Where the key of a new provider comes from. */
export type KeyNaming =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'vault'; readonly name: string }
  | { readonly kind: 'none' }

export interface PresetChoices {
  /** Default: that of the preset. */
  readonly id?: string | undefined
  readonly baseUrl?: string | undefined
  /** Default: the usual variable, where the preset has one. */
  readonly key?: KeyNaming | undefined
  /** By the names of `Preset.asks`. */
  readonly answers?: Readonly<Record<string, string>> | undefined
}

/** What a preset asks for and was not told. */
export const unanswered = ({ asks = [] }: Preset, { answers = {} }: PresetChoices): NonNullable<Preset['asks']> =>
  asks.filter(({ name }) => (answers[name] ?? '') === '')

/**
 * The entry of `providers` that a preset makes, its keys in the order in which people read them. Everything it asks for has to be answered.
 */
export function presetEntry(preset: Preset, choices: PresetChoices): Record<string, unknown> {
  const { answers = {} } = choices
  const placeholders = new Set([...(preset.baseUrl ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
  const address = choices.baseUrl ?? preset.baseUrl?.replace(/\{(\w+)\}/g, (whole, name: string) => answers[name] ?? whole)
  const fields: [string, unknown][] = (preset.asks ?? [])
    .filter(({ name }) => !placeholders.has(name))
    .map(({ name }) => [name, answers[name]])
  const usual: KeyNaming = preset.keyVariable === undefined ? { kind: 'none' } : { kind: 'variable', name: preset.keyVariable }
  const entry: Record<string, unknown> = {
    id: choices.id ?? preset.id,
    type: preset.type,
    ...(address === undefined ? {} : { base_url: address }),
    ...Object.fromEntries(fields),
    ...keyFields(choices.key ?? usual),
    ...preset.entry,
  }
  return entry
}

function keyFields(key: KeyNaming): Record<string, string> {
  if (key.kind === 'none') return {}
  return key.kind === 'variable' ? { api_key_env: key.name } : { api_key_vault: key.name }
}
