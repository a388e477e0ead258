import { GatewayError } from '../errors/gateway-error.ts'

/** Collections that a name may already begin with. */
const COLLECTION = /^(?:models|tunedModels)\//

/**
 * The path of a model whose name stands in the address, with or without the collection in front. Names come from clients: a part that
 * would lead elsewhere is refused, because no spelling of it is safe in an address.
 */
export function modelPath(model: string): string {
  const parts = (COLLECTION.test(model) ? model : `models/${model}`).split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new GatewayError('upstream_model_not_found', 'The name of the model has parts that no model can have.', {
      param: 'model',
    })
  }
  return parts.map(encodeURIComponent).join('/')
}
