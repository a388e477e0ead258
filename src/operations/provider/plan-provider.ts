import type { WireQuirks } from '../../codecs/codec.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { nearest } from '../../lib/nearest.ts'
import { PRESETS, type Preset, presetOf } from '../../providers/presets/index.ts'
import { type PresetChoices, presetEntry, unanswered } from '../../providers/presets/preset-entry.ts'
import { presetFor } from '../../providers/quirks.ts'
import { providerSchema } from '../../providers/provider.schema.ts'
import { listWords } from '../story-words.ts'

export type { KeyNaming, PresetChoices } from '../../providers/presets/preset-entry.ts'
export type { Preset } from '../../providers/presets/index.ts'

/** Every preset, with how its server deviates from its format. */
export const describedPresets = (): readonly (Preset & { readonly quirks: WireQuirks })[] =>
  PRESETS.map((preset) => ({ ...preset, quirks: presetFor(preset.baseUrl ?? '')?.quirks ?? {} }))

/** What is wanted: the name of a preset, or the address of a server that speaks the Chat format. Throws `config_invalid` for neither. */
export function wantedPreset(name: string): Preset {
  if (/^https?:\/\//.test(name)) return serverAt(name)
  const preset = presetOf(name)
  if (preset === undefined) {
    const meant = nearest(
      name,
      PRESETS.map(({ id }) => id),
    )
    throw new GatewayError(
      'config_invalid',
      `There is no preset of that name. ${meant === undefined ? '"switchback provider presets" lists them.' : `Did you mean ${meant}?`} For any other server that speaks the Chat format give its address (https://…) instead.`,
    )
  }
  const types: readonly string[] = providerSchema.shape.type.options
  if (!types.includes(preset.type))
    throw new GatewayError(
      'config_invalid',
      `This version has no providers of type ${preset.type}, so ${preset.name} cannot be added.`,
    )
  return preset
}

const serverAt = (address: string): Preset => ({
  id: URL.parse(address)?.hostname.replaceAll(/[^A-Za-z0-9]+/g, '-') ?? '',
  name: 'A server that speaks the Chat format',
  type: 'openai_compatible',
  baseUrl: address,
  docs: address,
  source: 'the command line',
})

/** The entry of `providers` that is wanted. Throws `config_invalid` when the preset asks for something that was not told. */
export function plannedEntry(preset: Preset, choices: PresetChoices): Record<string, unknown> {
  const open = unanswered(preset, choices)
  if (open.length > 0)
    throw new GatewayError(
      'config_invalid',
      `${preset.name} needs ${listWords(open.map(({ what }) => `the ${what}`))}. Add ${listWords(open.map(({ name, example }) => `--set ${name}=${example}`))} with your own.`,
    )
  return presetEntry(preset, choices)
}
