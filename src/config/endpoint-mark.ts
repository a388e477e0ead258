import { createHash } from 'node:crypto'
import type { ProviderSettings } from '../providers/provider.settings.schema.ts'

/** Tells the endpoint of a provider from others, without showing its address: see `ProviderFacts.endpoint`. */
export const endpointMark = ({ type, format, baseUrl }: Pick<ProviderSettings, 'type' | 'format' | 'baseUrl'>): string =>
  createHash('sha256')
    .update(JSON.stringify([type, format, baseUrl]))
    .digest('hex')
    .slice(0, 16)
