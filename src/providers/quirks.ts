import type { WireQuirks } from '../codecs/codec.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { ProviderSettings } from './provider.settings.schema.ts'
import { CAUTIOUS_QUIRKS, QUIRK_PRESETS, type QuirkPreset } from './quirks.data.ts'

/** The preset of a well-known host, or undefined. */
export function presetFor(baseUrl: string): QuirkPreset | undefined {
  const url = URL.parse(baseUrl)
  if (url === null) return undefined
  return QUIRK_PRESETS.find(({ hosts }) =>
    hosts.some((host) => (host.startsWith('.') ? url.hostname.endsWith(host) : host === url.hostname || host === url.host)),
  )
}

/** Quirks in force: those of the type or the host, overridden by the configuration. */
export function resolveQuirks(
  settings: Pick<ProviderSettings, 'baseUrl' | 'quirks'>,
  ofType: WireQuirks | undefined,
  firstParty: boolean,
): WireQuirks {
  const base = ofType ?? { ...CAUTIOUS_QUIRKS, ...presetFor(settings.baseUrl)?.quirks }
  // The configuration's schema has checked names and types.
  return { ...base, firstParty, ...(settings.quirks as WireQuirks) }
}

const VENDOR_HOSTS: Readonly<Record<WireFormat, string>> = {
  openai: 'api.openai.com',
  responses: 'api.openai.com',
  anthropic: 'api.anthropic.com',
  gemini: 'generativelanguage.googleapis.com',
  bedrock_converse: 'amazonaws.com',
}

/** Whether the upstream is the format's own vendor: as the configuration says, or by its host (regional ones lie below it). */
export function isFirstParty(settings: Pick<ProviderSettings, 'format' | 'baseUrl' | 'quirks'>): boolean {
  const told = settings.quirks['firstParty']
  if (typeof told === 'boolean') return told
  const vendor = VENDOR_HOSTS[settings.format]
  const host = URL.parse(settings.baseUrl)?.host ?? ''
  return host === vendor || host.endsWith(`.${vendor}`)
}
