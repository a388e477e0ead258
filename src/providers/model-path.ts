import { GatewayError } from '../errors/gateway-error.ts'

/** Collections that a name may already begin with. */
const COLLECTION = /^(?:models|tunedModels)\//

/**
 * The path of a model whose name stands in the address, with or without the collection in front. Names come from clients: a part that
 * would lead elsewhere is refused, because no spelling of it is safe in an address.
 */
export function modelPath(model: string, collection = 'models'): string {
  const parts = (COLLECTION.test(model) ? model : `${collection}/${model}`).split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new GatewayError('upstream_model_not_found', 'The name of the model has parts that no model can have.', {
      param: 'model',
    })
  }
  // An @ stands before the version of a model, and Google's own clients leave it as it is.
  return parts.map((part) => encodeURIComponent(part).replaceAll('%40', '@')).join('/')
}

/** Ids and ARNs of models and of inference profiles. Source: pattern of `modelId` in the API. */
const BEDROCK_MODEL = /^[\w.:/-]{1,2048}$/

/**
 * The path of a model of Bedrock, whose whole name is one part of it. Names come from clients: one that cannot be is refused here, because
 * a signature over an odd path would fail, and with it the account be locked.
 */
export function bedrockModelPath(model: string): string {
  if (BEDROCK_MODEL.test(model) && model !== '.' && model !== '..') return encodeURIComponent(model)
  throw new GatewayError('upstream_model_not_found', 'The name of the model has characters that no id of a Bedrock model has.', {
    param: 'model',
  })
}
