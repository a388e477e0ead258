import { GatewayError } from '../../errors/gateway-error.ts'
import { listModels } from './list-models.ts'
import type { Upstream } from './open-upstream.ts'

/** The model to try at an upstream: what the configuration says, else the first that the upstream lists. Throws `config_invalid` for none. */
export async function usualModel(upstream: Upstream, signal: AbortSignal): Promise<string> {
  if (upstream.usualModel !== undefined) return upstream.usualModel
  const first = (await listModels(upstream, signal))?.ids[0]
  if (first !== undefined) return first
  const { id } = upstream.provider
  throw new GatewayError(
    'config_invalid',
    `It is not known which model to call at ${id}: the configuration names none, and neither does the upstream. Add --model, or \`model_hint\` to the provider.`,
  )
}
