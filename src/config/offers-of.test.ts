import { expect, test } from 'bun:test'
import type { WireFormat } from '../ir/wire-format.ts'
import type { ProviderConfig } from '../providers/provider.schema.ts'
import { offersOf } from './offers-of.ts'

type Type = ProviderConfig['type']

const CASES: readonly [Type, string, WireFormat, has: string[], lacks: string[]][] = [
  ['openai_compatible', 'http://127.0.0.1:8000/v1', 'openai', ['embeddings', 'rerank', 'speech', 'passthrough'], []],
  ['openai', 'https://api.openai.com/v1', 'responses', ['embeddings', 'token_embeddings', 'batches'], ['rerank']],
  ['openai_compatible', 'https://api.deepseek.com', 'openai', ['passthrough'], ['embeddings', 'files']],
  ['openai_compatible', 'http://constructor/v1', 'openai', ['embeddings'], []],
  ['anthropic', 'https://api.anthropic.com', 'anthropic', ['passthrough'], ['embeddings', 'files']],
  ['gemini', 'https://generativelanguage.googleapis.com', 'gemini', ['embeddings'], ['token_embeddings', 'images']],
  [
    'vertex',
    'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google',
    'gemini',
    ['embeddings', 'passthrough'],
    ['token_embeddings'],
  ],
  [
    'vertex',
    'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/anthropic',
    'anthropic',
    ['passthrough'],
    ['embeddings'],
  ],
  ['azure', 'https://r.openai.azure.com/openai', 'openai', ['embeddings'], ['speech', 'files']],
  ['azure', 'https://r.openai.azure.com/openai/v1', 'openai', ['embeddings', 'speech', 'files'], []],
  ['mock', '', 'openai', ['embeddings', 'token_embeddings'], ['speech', 'passthrough']],
  ['bedrock', 'https://bedrock-runtime.eu-west-1.amazonaws.com', 'bedrock_converse', ['embeddings'], ['passthrough']],
  ['mock', '', 'anthropic', [], ['embeddings']],
]

test.each(CASES)('a provider of type %s at %s that speaks %s offers %j and not %j', (...each) => {
  const [type, baseUrl, format, has, lacks] = each
  const offers: readonly string[] = offersOf({ endpoints: undefined, type }, baseUrl, format)
  for (const offer of has) expect(offers).toContain(offer)
  for (const offer of lacks) expect(offers).not.toContain(offer)
})

test('the word of the operator goes first, but makes no mock speak', () => {
  expect(offersOf({ endpoints: ['rerank'], type: 'gemini' }, 'https://host.test', 'gemini')).toEqual(['rerank'])
  expect(offersOf({ endpoints: [], type: 'openai' }, 'https://api.openai.com/v1', 'openai')).toEqual([])
  expect(offersOf({ endpoints: ['speech', 'embeddings'], type: 'mock' }, '', 'openai')).toEqual(['embeddings'])
})
