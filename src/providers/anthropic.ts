import { createHttpProvider } from './http-provider.ts'
import type { ProviderDefinition } from './provider-definition.ts'

/** Anthropic, or a server that behaves exactly like it. */
export const anthropicProvider: ProviderDefinition = {
  type: 'anthropic',
  create: (settings, deps) => createHttpProvider(settings, deps, {}),
}
