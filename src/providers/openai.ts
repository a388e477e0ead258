import { createHttpProvider } from './http-provider.ts'
import type { ProviderDefinition } from './provider-definition.ts'
import { OPENAI_QUIRKS } from './quirks.data.ts'

/** OpenAI, or a server that behaves exactly like it. */
export const openaiProvider: ProviderDefinition = {
  type: 'openai',
  create: (settings, deps) => createHttpProvider(settings, deps, OPENAI_QUIRKS),
}
