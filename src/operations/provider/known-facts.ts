import { createKnownModels } from '../../catalog/known-models.ts'
import type { ModelFacts } from '../../codecs/codec.ts'
import type { CompiledConfig } from '../../config/compile.ts'
import { providerHosts } from '../../config/provider-hosts.ts'
import { asProviderId, targetIdOf } from '../../ir/ids.ts'
import type { Target } from '../../ir/target.ts'

/** A model of a provider as a target. */
export function targetOf(config: CompiledConfig, provider: string, model: string): Target {
  const settings = config.providers.find(({ id }) => id === provider)
  return {
    id: targetIdOf(provider, model),
    provider: asProviderId(provider),
    model,
    format: settings?.format ?? 'openai',
  }
}

/** What is known of the models of a provider, for encoding requests to them. */
export function knownFacts(config: CompiledConfig, provider: string): (model: string) => ModelFacts {
  const hosts = providerHosts(config)
  const known = createKnownModels({ snapshot: () => config.routing, hostOf: (id) => hosts.get(id) ?? '' })
  return (model) => known(targetOf(config, provider, model))
}
