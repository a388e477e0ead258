import { createHttpProvider } from './http-provider.ts'
import { createMockUpstream } from './mock/mock-upstream.ts'
import type { ProviderDefinition } from './provider-definition.ts'
import { OPENAI_QUIRKS } from './quirks.data.ts'

/** Stands in for the address of an upstream; nothing is ever sent there. */
const ADDRESS = 'http://mock.invalid/v1'

/** Scripted models inside this process: for a first look without keys, for demos and for tests. */
export const mockProvider: ProviderDefinition = {
  type: 'mock',
  create(settings, deps) {
    const addressed = settings.baseUrl === '' ? { ...settings, baseUrl: ADDRESS } : settings
    return createHttpProvider(
      addressed,
      { ...deps, transport: createMockUpstream({ settings, clock: deps.clock }) },
      OPENAI_QUIRKS,
    )
  },
}
