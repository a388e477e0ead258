import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../errors/gateway-error.ts'
import { endpointUrl } from './endpoint-url.ts'

describe('addresses of operations', () => {
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

  test.each(['', 'api.openai.com/v1', 'ftp://files.test', '/v1'])('"%s" is refused', (base) => {
    expect(() => endpointUrl(base, 'openai', 'generate')).toThrow(GatewayError)
  })

  test('a refusal does not repeat the query, which may hold a key', () => {
    expect(() => endpointUrl('ftp://files.test?key=SECRET', 'openai', 'generate')).toThrow(/^(?!.*SECRET)/)
  })
})
