import { createFindingProvider } from './finding-provider.ts'
import { createHttpProvider } from './http-provider.ts'
import type { ProviderDefinition } from './provider-definition.ts'

/** Any server that speaks one of the formats; how it deviates is known by its host or told in the configuration. */
export const openaiCompatibleProvider: ProviderDefinition = {
  type: 'openai_compatible',
  create: (settings, deps) =>
    settings.findsFormat === true ? createFindingProvider(settings, deps) : createHttpProvider(settings, deps),
}
