import type { WireFormat } from '../ir/wire-format.ts'
import { createHttpProvider } from './http-provider.ts'
import type { ProviderDeps } from './provider-definition.ts'
import type { ProviderSettings } from './provider.settings.schema.ts'
import type { Provider } from './provider.types.ts'

/** A provider of `format: auto`: one for each format that its upstream is spoken to in, made when it is first needed. */
export function createFindingProvider(settings: ProviderSettings, deps: ProviderDeps): Provider {
  const own = createHttpProvider(settings, deps)
  const others = new Map<WireFormat, Provider>([[settings.format, own]])
  return {
    ...own,
    speaking(format) {
      let found = others.get(format)
      if (found === undefined) others.set(format, (found = createHttpProvider({ ...settings, format }, deps)))
      return found
    },
  }
}
