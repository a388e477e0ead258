import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../errors/gateway-error.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { addressBelow, addressWithin, calledEndpoint, endpointOf, type EndpointCall, type Operation } from './endpoint-url.ts'

const endpointUrl = (base: string, format: WireFormat, operation: Operation, call: Partial<EndpointCall> = {}): string =>
  endpointOf(base, format, operation)({ model: 'm', stream: false, ...call })

describe('addresses of operations', () => {
  test.each([
    ['gemini-embedding-001', 'predict'],
    ['text-embedding-005', 'predict'],
    ['text-multilingual-embedding-002', 'predict'],
    ['textembedding-gecko@003', 'predict'],
    ['gemini-embedding-2-preview', 'embedContent'],
  ])('embeddings of %s at Vertex AI', (model, verb) => {
    const base = 'https://host.test/v1/projects/p/locations/l/publishers/google'
    for (const operation of ['embed', 'embed-batch'] as const)
      expect(endpointOf(base, 'vertex_google', operation)({ model, stream: false })).toBe(`${base}/models/${model}:${verb}`)
  })

  test.each(['bedrock_converse', 'bedrock_invoke'] as const)('embeddings beside %s', (api) => {
    const call = { model: 'amazon.titan-embed-text-v2:0', stream: false }
    expect(endpointOf('https://host.test', api, 'embed-batch')(call)).toBe(
      'https://host.test/model/amazon.titan-embed-text-v2%3A0/invoke',
    )
  })

  test.each([
    ['https://api.openai.com/v1', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com/v1/', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.deepseek.com', 'https://api.deepseek.com/chat/completions'],
    ['https://proxy.test/v1/chat/completions', 'https://proxy.test/v1/chat/completions'],
    ['https://proxy.test/v1/responses/', 'https://proxy.test/v1/chat/completions'],
    ['http://127.0.0.1:8000/v1?api-version=2', 'http://127.0.0.1:8000/v1/chat/completions?api-version=2'],
  ])('Chat at %s', (base, expected) => {
    expect(endpointUrl(base, 'openai', 'generate')).toBe(expected)
  })

  test('Responses has its own path below the same base', () => {
    expect(endpointUrl('https://api.openai.com/v1', 'responses', 'generate')).toBe('https://api.openai.com/v1/responses')
    expect(endpointUrl('https://api.openai.com/v1/chat/completions', 'responses', 'generate')).toBe(
      'https://api.openai.com/v1/responses',
    )
  })

  test.each([
    'https://api.anthropic.com',
    'https://api.anthropic.com/',
    'https://api.anthropic.com/v1',
    'https://api.anthropic.com/v1/messages',
  ])('Messages at %s', (base) => {
    expect(endpointUrl(base, 'anthropic', 'generate')).toBe('https://api.anthropic.com/v1/messages')
    expect(endpointUrl(base, 'anthropic', 'count-tokens')).toBe('https://api.anthropic.com/v1/messages/count_tokens')
  })

  test('a path of a vendor is kept', () => {
    expect(endpointUrl('https://api.z.ai/api/anthropic', 'anthropic', 'generate')).toBe(
      'https://api.z.ai/api/anthropic/v1/messages',
    )
  })

  test.each([
    'https://generativelanguage.googleapis.com',
    'https://generativelanguage.googleapis.com/',
    'https://generativelanguage.googleapis.com/v1beta',
    'https://generativelanguage.googleapis.com/v1beta/models/',
  ])('Gemini at %s, where the model and the manner stand in the path', (base) => {
    const root = 'https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro'
    expect(endpointUrl(base, 'gemini', 'generate', { model: 'gemini-3-pro' })).toBe(`${root}:generateContent`)
    expect(endpointUrl(base, 'gemini', 'generate', { model: 'gemini-3-pro', stream: true })).toBe(
      `${root}:streamGenerateContent?alt=sse`,
    )
    expect(endpointUrl(base, 'gemini', 'count-tokens', { model: 'gemini-3-pro' })).toBe(`${root}:countTokens`)
  })

  test.each([
    ['https://proxy.test/google', 'm', 'https://proxy.test/google/v1beta/models/m:streamGenerateContent?alt=sse'],
    ['https://proxy.test/v1?key=k', 'm', 'https://proxy.test/v1/models/m:streamGenerateContent?alt=sse&key=k'],
    ['https://proxy.test/v1alpha', 'models/m', 'https://proxy.test/v1alpha/models/m:streamGenerateContent?alt=sse'],
    ['https://proxy.test', 'tunedModels/m', 'https://proxy.test/v1beta/tunedModels/m:streamGenerateContent?alt=sse'],
    ['https://proxy.test', 'a/b:c', 'https://proxy.test/v1beta/models/a/b%3Ac:streamGenerateContent?alt=sse'],
    ['https://proxy.test', 'a?x#y', 'https://proxy.test/v1beta/models/a%3Fx%23y:streamGenerateContent?alt=sse'],
  ])('Gemini at %s for the model %s', (base, model, expected) => {
    expect(endpointUrl(base, 'gemini', 'generate', { model, stream: true })).toBe(expected)
    expect(new URL(expected).href).toBe(expected)
  })

  test.each(['..', '../../v1/files', 'a/../b', 'a//b', 'a/', './a', ''])(
    'a model called "%s" is refused, because no spelling of it stays where models are',
    (model) => {
      expect(() => endpointUrl('https://proxy.test', 'gemini', 'generate', { model })).toThrow(GatewayError)
    },
  )

  test.each([
    ['https://bedrock-runtime.us-east-1.amazonaws.com', 'us.amazon.nova-lite-v1:0', 'us.amazon.nova-lite-v1%3A0'],
    [
      'https://proxy.test/aws/model',
      'arn:aws:bedrock:eu-west-1:1:inference-profile/a',
      'arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Fa',
    ],
  ])('Bedrock at %s, where the whole name of the model is one part of the path', (base, model, written) => {
    const root = `${base.replace(/\/model$/, '')}/model/${written}`
    for (const [api, whole, streamed] of [
      ['bedrock_converse', 'converse', 'converse-stream'],
      ['bedrock_invoke', 'invoke', 'invoke-with-response-stream'],
    ] as const) {
      expect(endpointOf(base, api, 'generate')({ model, stream: false })).toBe(`${root}/${whole}`)
      expect(endpointOf(base, api, 'generate')({ model, stream: true })).toBe(`${root}/${streamed}`)
      expect(endpointOf(base, api, 'count-tokens')({ model, stream: false })).toBe(`${root}/count-tokens`)
    }
    const address = endpointOf(base, 'bedrock_converse', 'generate')({ model, stream: true })
    expect(calledEndpoint(address, 'bedrock_converse')).toEqual({ operation: 'generate', call: { model, stream: true } })
  })

  test.each(['..', '', "a'b", 'a b', 'a%b', 'ä', 'a?b'])('"%s" is no model of Bedrock', (model) => {
    expect(() => endpointUrl('https://proxy.test', 'bedrock_converse', 'generate', { model })).toThrow(GatewayError)
  })

  test('what an address asks for can be read from it again', () => {
    for (const stream of [false, true]) {
      const address = endpointUrl('https://proxy.test', 'gemini', 'generate', { model: 'a/b:c', stream })
      expect(calledEndpoint(address, 'gemini')).toEqual({ operation: 'generate', call: { model: 'a/b:c', stream } })
    }
    expect(calledEndpoint(endpointUrl('https://p.test', 'gemini', 'count-tokens'), 'gemini').operation).toBe('count-tokens')
    expect(calledEndpoint(endpointUrl('https://p.test', 'anthropic', 'count-tokens'), 'anthropic')).toEqual({
      operation: 'count-tokens',
    })
  })

  test.each(['', 'api.openai.com/v1', 'ftp://files.test', '/v1'])('"%s" is refused', (base) => {
    expect(() => endpointUrl(base, 'openai', 'generate')).toThrow(GatewayError)
  })

  test('a refusal does not repeat the query, which may hold a key', () => {
    expect(() => endpointUrl('ftp://files.test?key=SECRET', 'openai', 'generate')).toThrow(/^(?!.*SECRET)/)
  })
})

describe('addresses beside the operations', () => {
  test.each<[base: string, format: WireFormat, path: string, expected: string]>([
    ['https://api.openai.com/v1', 'openai', '/audio/speech', 'https://api.openai.com/v1/audio/speech'],
    ['https://api.openai.com/v1/responses', 'responses', '/files', 'https://api.openai.com/v1/files'],
    ['https://proxy.test/v1/chat/completions?api-version=2', 'openai', '/rerank', 'https://proxy.test/v1/rerank?api-version=2'],
  ])('of the API at %s, which speaks %s: %s', (base, format, path, expected) => {
    expect(addressBelow(base, format, path).href).toBe(expected)
  })

  test.each([
    ['https://api.openai.com/v1', '/models', 'https://api.openai.com/v1/models'],
    ['https://api.openai.com/v1', '/v1/models', 'https://api.openai.com/v1/models'],
    ['https://api.openai.com/v1', '/v1', 'https://api.openai.com/v1'],
    ['https://api.openai.com/v1', '/v10/models', 'https://api.openai.com/v1/v10/models'],
    ['https://api.anthropic.com', '/v1/messages', 'https://api.anthropic.com/v1/messages'],
    ['https://api.anthropic.com/v1/messages', '/v1/messages', 'https://api.anthropic.com/v1/messages'],
    ['https://generativelanguage.googleapis.com', '/v1alpha/x', 'https://generativelanguage.googleapis.com/v1alpha/x'],
    ['https://generativelanguage.googleapis.com/v1beta', '/v1beta/x', 'https://generativelanguage.googleapis.com/v1beta/x'],
    ['https://proxy.test/a/b?tenant=1', '/c%20d', 'https://proxy.test/a/b/c%20d?tenant=1'],
  ])('within %s: %s', (base, path, expected) => {
    expect(addressWithin(base, path).href).toBe(expected)
  })

  test.each<[WireFormat, Operation, string]>([
    ['openai', 'embed-batch', 'https://host.test/v1/embeddings'],
    ['responses', 'embed', 'https://host.test/v1/embeddings'],
    ['gemini', 'embed', 'https://host.test/v1/models/m:embedContent'],
    ['gemini', 'embed-batch', 'https://host.test/v1/models/m:batchEmbedContents'],
  ])('embeddings of an upstream that speaks %s: %s', (format, operation, expected) => {
    expect(endpointUrl('https://host.test/v1', format, operation)).toBe(expected)
    expect(calledEndpoint(expected, format).operation).toBe(format === 'gemini' ? operation : 'embed-batch')
  })

  test('embeddings of a deployment at Azure', () => {
    const endpoint = endpointOf('https://r.openai.azure.com/openai?api-version=1', 'azure_deployments', 'embed-batch')
    expect(endpoint({ model: 'my-embedder', stream: false })).toBe(
      'https://r.openai.azure.com/openai/deployments/my-embedder/embeddings?api-version=1',
    )
  })
})
