import { expect, test } from 'bun:test'
import { codecs } from '../codecs/registry.ts'
import { extractFeatures } from './features.ts'
import { housekeepingFeatures } from './housekeeping.ts'
import { predictLosses } from './predict-loss.ts'

const codexCall = (more: object): ReturnType<typeof codecs.responses.decodeRequest>['value'] =>
  codecs.responses.decodeRequest({
    model: 'm',
    instructions: 'Work.',
    input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
    tools: [{ type: 'function', name: 'shell', parameters: { type: 'object' }, strict: false }],
    store: false,
    stream: true,
    include: ['reasoning.encrypted_content'],
    prompt_cache_key: 'session',
    client_metadata: { a: 'b' },
    ...more,
  }).value

const realLosses = (request: ReturnType<typeof codexCall>): string[] => {
  const harmless = housekeepingFeatures(request)
  return predictLosses(extractFeatures(request), 'anthropic').filter((feature) => !harmless.has(feature))
}

test('what a coding agent sends with every call is no loss for a strict route', () => {
  expect(predictLosses(extractFeatures(codexCall({})), 'anthropic')).toContain('prompt_cache_key')
  expect(realLosses(codexCall({}))).toEqual([])
})

test('asking for more than encrypted reasoning, or to store the answer, is one', () => {
  expect(realLosses(codexCall({ include: ['reasoning.encrypted_content', 'file_search_call.results'] }))).toEqual(['include'])
  expect(realLosses(codexCall({ store: true }))).toEqual(['state.store'])
})
