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
  const address = choices.baseUrl ?? preset.baseUrl
  const further = preset.entry ?? {}
  const placed = JSON.stringify(further)
  const fields = (preset.asks ?? []).flatMap(({ name }) => (placed.includes(`{${name}}`) ? [] : [[name, answers[name]] as const]))
  const usual: KeyNaming = preset.keyVariable === undefined ? { kind: 'none' } : { kind: 'variable', name: preset.keyVariable }
  return {
    id: choices.id ?? preset.id,
    type: preset.type,
    ...(address === undefined ? {} : { base_url: address }),
    ...Object.fromEntries<unknown>(fields),
    ...keyFields(choices.key ?? usual),
    ...filledRecord(further, answers),
  }
}

type Answers = Readonly<Record<string, string>>

const filledRecord = (record: Readonly<Record<string, unknown>>, answers: Answers): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, filled(value, answers)]))

/** A value with every `{name}` in it replaced by the answer. */
function filled(value: unknown, answers: Answers): unknown {
  if (typeof value === 'string') return value.replace(/\{(\w+)\}/g, (whole, name: string) => answers[name] ?? whole)
  if (Array.isArray(value)) return value.map((item: unknown) => filled(item, answers))
  return typeof value === 'object' && value !== null ? filledRecord(value as Record<string, unknown>, answers) : value
}

function keyFields(key: KeyNaming): Record<string, string> {
  if (key.kind === 'none') return {}
  return key.kind === 'variable' ? { api_key_env: key.name } : { api_key_vault: key.name }
}
