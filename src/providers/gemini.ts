import { createHttpProvider } from './http-provider.ts'
import type { ProviderDefinition } from './provider-definition.ts'

/** Google's Gemini API, or a server that behaves exactly like it. */
export const geminiProvider: ProviderDefinition = {
  type: 'gemini',
  create: (settings, deps) => createHttpProvider(settings, deps),
}
