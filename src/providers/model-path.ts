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
