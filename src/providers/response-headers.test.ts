import { expect, test } from 'bun:test'
import { clientHeadersOf } from './response-headers.ts'

const OPENAI_ANSWER = new Headers({
  'content-type': 'application/json',
  'content-length': '5',
  'transfer-encoding': 'chunked',
  'set-cookie': '__cf_bm=secret',
  'openai-organization': 'acme',
  'openai-processing-ms': '31',
  'x-ratelimit-remaining-requests': '59',
  'x-request-id': 'req_up',
  server: 'cloudflare',
})

test('clients of the same format see limits, timing and the upstream id, and nothing else', () => {
  expect(clientHeadersOf('openai', 'openai', OPENAI_ANSWER)).toEqual([
    ['x-ratelimit-remaining-requests', '59'],
    ['openai-processing-ms', '31'],
    ['x-switchback-upstream-request-id', 'req_up'],
  ])
})

test('clients of another format see limits and the upstream id', () => {
  expect(clientHeadersOf('openai', 'anthropic', OPENAI_ANSWER).map(([name]) => name)).toEqual([
    'x-ratelimit-remaining-requests',
    'x-switchback-upstream-request-id',
  ])
})

test("Anthropic's limits come back under their own names", () => {
  const answer = new Headers({
    'request-id': 'req_011',
    'anthropic-ratelimit-input-tokens-remaining': '80000',
    'anthropic-organization-id': 'org',
  })
  expect(clientHeadersOf('anthropic', 'anthropic', answer)).toEqual([
    ['anthropic-ratelimit-input-tokens-remaining', '80000'],
    ['x-switchback-upstream-request-id', 'req_011'],
  ])
})
