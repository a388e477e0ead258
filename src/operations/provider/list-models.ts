import { GatewayError } from '../../errors/gateway-error.ts'
import { modelListRequest, readModelList, type UpstreamModels } from '../../providers/model-list.ts'
import { MOCK_MODEL_NAMES } from '../../providers/provider.schema.ts'
import { bodyText, parsed, refusalOf, sendTo } from './call-upstream.ts'
import type { Upstream } from './open-upstream.ts'

/**
 * The models that an upstream says it has. Undefined where its format has no list of them. Rejects with what the upstream refused with, and
 * `upstream_bad_response` when its answer is no list.
 */
export async function listModels(upstream: Upstream, signal: AbortSignal): Promise<UpstreamModels | undefined> {
  const { id, format, type, mockModels } = upstream.provider.settings
  if (type === 'mock') return { ids: [...MOCK_MODEL_NAMES, ...mockModels.map(({ name }) => name)], isCut: false }
  const request = modelListRequest(upstream.provider, upstream.account)
  if (request === undefined) return undefined
  const response = await sendTo(upstream, request, signal)
  const text = await bodyText(response)
  if (!response.ok) throw refusalOf(upstream, response, text)
  const models = readModelList(format, parsed(text))
  if (models !== undefined) return models
  throw new GatewayError(
    'upstream_bad_response',
    `${id} answered with ${response.status}, and with something that is no list of models. Check base_url: it may lead to a web page.`,
    { provider: id },
  )
}
