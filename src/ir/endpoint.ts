/** Endpoints whose calls are served beside the model calls; `passthrough` is any address of a provider. */
const ENDPOINTS = [
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
  'passthrough',
] as const

export type Endpoint = (typeof ENDPOINTS)[number]

/** What a provider may offer, as `providers[].endpoints` names it: endpoints, and embedding lists of token numbers instead of text. */
export const OFFERS = [...ENDPOINTS, 'token_embeddings'] as const
export type Offer = (typeof OFFERS)[number]

/** What was done for a client, as records name it. */
export type CallOperation = 'generate' | 'count-tokens' | Endpoint
