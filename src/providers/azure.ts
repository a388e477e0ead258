import { createHttpProvider } from './http-provider.ts'
import type { ProviderDefinition } from './provider-definition.ts'
import { OPENAI_QUIRKS } from './quirks.data.ts'

/**
 * Azure OpenAI and Microsoft Foundry. A base that ends with `/openai` is the older surface, where each deployment has an address; with
 * `/openai/v1` the deployment is the model of the body, as at OpenAI.
 */
export const azureProvider: ProviderDefinition = {
  type: 'azure',
  create(settings, deps) {
    const isOlder = settings.format === 'openai' && new URL(settings.baseUrl).pathname.endsWith('/openai')
    const quirks = settings.format === 'anthropic' ? {} : OPENAI_QUIRKS
    return createHttpProvider(settings, deps, quirks, isOlder ? { api: 'azure_deployments' } : {})
  },
}
