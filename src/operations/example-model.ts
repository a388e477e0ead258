import type { CompiledConfig } from '../config/compile.ts'
import { FAILING_MODEL } from '../providers/mock/failing-model.ts'
import type { ProviderSettings } from '../providers/provider.settings.schema.ts'

/** A model to try first: one that clients may name, and that is not there to fail. */
export function exampleModel({ routing: { modelIds }, providers }: Pick<CompiledConfig, 'routing' | 'providers'>): string {
  return modelIds.find((id) => !providers.some((provider) => fails(provider, id))) ?? modelIds[0] ?? 'default'
}

function fails({ id, type, mockModels }: ProviderSettings, target: string): boolean {
  if (type !== 'mock' || !target.startsWith(`${id}/`)) return false
  const model = target.slice(id.length + 1)
  const scripted = mockModels.find(({ name }) => name === model)
  if (scripted === undefined) return FAILING_MODEL.test(model)
  return scripted.failStatus !== undefined || scripted.cutAfterChunks !== undefined
}
