import { anthropicProvider } from './anthropic.ts'
import { azureProvider } from './azure.ts'
import { bedrockProvider } from './bedrock.ts'
import { geminiProvider } from './gemini.ts'
import { mockProvider } from './mock.ts'
import { openaiCompatibleProvider } from './openai-compatible.ts'
import { openaiProvider } from './openai.ts'
import type { ProviderDefinition, ProviderDeps } from './provider-definition.ts'
import type { ProviderSettings, ProviderType } from './provider.settings.schema.ts'
import type { Provider } from './provider.types.ts'
import { vertexProvider } from './vertex.ts'

/** Every type of provider. A new one is one file and one line here. */
const definitions: Readonly<Record<ProviderType, ProviderDefinition>> = {
  mock: mockProvider,
  openai_compatible: openaiCompatibleProvider,
  openai: openaiProvider,
  anthropic: anthropicProvider,
  gemini: geminiProvider,
  vertex: vertexProvider,
  azure: azureProvider,
  bedrock: bedrockProvider,
}

/** The provider that the settings describe. Throws `config_invalid` for settings that cannot be served. */
export function createProvider(settings: ProviderSettings, deps: ProviderDeps): Provider {
  return definitions[settings.type].create(settings, deps)
}
