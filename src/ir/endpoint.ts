/** What upstreams may offer beside generating answers, each at an address of its own. Names of `providers[].endpoints`. */
export const OFFERED_ENDPOINTS = [
  'embeddings',
  'completions',
  'images',
  'speech',
  'transcriptions',
  'translations',
  'rerank',
  'moderations',
  'files',
  'batches',
] as const

/** An endpoint whose calls are served beside the model calls; `passthrough` is any address of a provider. */
export type Endpoint = (typeof OFFERED_ENDPOINTS)[number] | 'passthrough'

/** What a provider offers: endpoints, and embedding lists of token numbers instead of text. */
export const OFFERS = [...OFFERED_ENDPOINTS, 'token_embeddings'] as const
export type Offer = (typeof OFFERS)[number]

/** What was done for a client, as records name it. */
export type CallOperation = 'generate' | 'count-tokens' | Endpoint
