const PREFIX = 'models/'

/** The name of a model as bodies write it: with the collection it stands in. */
export const resourceName = (model: string): string => (model.includes('/') ? model : `${PREFIX}${model}`)

/** The name of a model without the collection it stands in: `models/gemini-3-pro` and `gemini-3-pro` are one. */
export function modelName(resource: string): string {
  return resource.startsWith(PREFIX) ? resource.slice(PREFIX.length) : resource
}
