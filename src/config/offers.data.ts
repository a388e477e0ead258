import type { Offer } from '../ir/endpoint.ts'
import type { WireFormat } from '../ir/wire-format.ts'

/** Everything OpenAI's API has, as far as its addresses are served here. */
const OPENAI: readonly Offer[] = [
  'embeddings',
  'token_embeddings',
  'completions',
  'images',
  'speech',
  'transcriptions',
  'translations',
  'moderations',
  'files',
  'batches',
  'passthrough',
]

/** What servers of a format may offer. Of one that nobody knows, everything is tried; what it lacks it refuses itself. */
export const OFFERS_OF_FORMATS: Readonly<Record<WireFormat, readonly Offer[]>> = {
  openai: [...OPENAI, 'rerank'],
  responses: [...OPENAI, 'rerank'],
  anthropic: ['passthrough'],
  gemini: ['embeddings', 'passthrough'],
  // Its requests are signed as a whole, which a body that streams through cannot be.
  bedrock_converse: [],
}

/** What vendors document of their own APIs, by host, where it is less than that. Source: their API references. */
export const OFFERS_OF_HOSTS: ReadonlyMap<string, readonly Offer[]> = new Map([
  ['api.openai.com', OPENAI],
  ['api.deepseek.com', ['passthrough']],
])

/** What the mock can imitate. */
export const OFFERS_OF_MOCK: readonly Offer[] = ['embeddings', 'token_embeddings']

/** By `InvokeModel`, beside both formats. What else Amazon Bedrock has is signed as a whole, which a body that streams through cannot be. */
export const OFFERS_OF_BEDROCK: readonly Offer[] = ['embeddings']

/** Vertex AI has embeddings beside the models of Google's own format. */
export const OFFERS_OF_VERTEX: readonly Offer[] = ['passthrough']
export const OFFERS_OF_GOOGLE_AT_VERTEX: readonly Offer[] = ['embeddings', 'passthrough']

/** The older surface of Azure OpenAI, where each deployment has an address, as far as its addresses are known here. */
export const OFFERS_OF_DEPLOYMENTS: readonly Offer[] = ['embeddings', 'token_embeddings', 'passthrough']
