import { describe, expect, test } from 'bun:test'
import { codecs } from '../codecs/registry.ts'
import { canonicalPath, createModelCalls, type ModelCall } from './model-calls.ts'
import { JSON_LIST } from './stream-framing.ts'

const read = (path: string, query = '', basePath = ''): ModelCall | undefined =>
  createModelCalls(codecs.gemini, basePath)(path, `http://gateway.test${path}${query}`)

describe('a path that names its model', () => {
  test.each([
    ['/v1beta/models/gemini-3-pro:generateContent', 'gemini-3-pro', false],
    ['/v1beta/models/openai/gpt-5:streamGenerateContent', 'openai/gpt-5', true],
    ['/v1beta/models/openai%2Fgpt-5:generateContent', 'openai/gpt-5', false],
    ['/v1beta/models/models/gemini-3-pro:generateContent', 'gemini-3-pro', false],
    ['/v1alpha/models/gemini-3-pro:generateContent', 'gemini-3-pro', false],
    ['/v1/models/gemini-3-pro:generateContent', 'gemini-3-pro', false],
    ['/v1beta/models/llama3:8b:generateContent', 'llama3:8b', false],
    ['/v1beta/models/llama3%3A8b:generateContent', 'llama3:8b', false],
    ['/v1beta/models/100%:generateContent', '100%', false],
  ])('is read: %s', (path, model, stream) => {
    expect(read(path)?.address).toEqual({ model, stream })
  })

  test.each([
    '/v1beta/models/gemini-3-pro',
    '/v1beta/models/:generateContent',
    '/v1beta/models/gemini-3-pro:embedContent',
    '/v1beta/models/gemini-3-pro:generateContent/x',
    '/v2/models/gemini-3-pro:generateContent',
    '/v1/chat/completions',
  ])('is left alone: %s', (path) => {
    expect(read(path)).toBeUndefined()
  })

  test('stands below the base path', () => {
    expect(read('/ai/v1beta/models/m:generateContent', '', '/ai')?.address.model).toBe('m')
    expect(read('/v1beta/models/m:generateContent', '', '/ai')).toBeUndefined()
  })

  test('asks for events, or for one list', () => {
    const path = '/v1beta/models/m:streamGenerateContent'
    expect(read(path, '?key=k&alt=sse')?.framing).toBeUndefined()
    expect(read(path, '?alt=json')?.framing).toBe(JSON_LIST)
    expect(read(path)?.framing).toBe(JSON_LIST)
    expect(read('/v1beta/models/m:generateContent')?.framing).toBeUndefined()
  })

  test('is one path, whatever the version', () => {
    expect(canonicalPath('/v1alpha/models')).toBe('/v1beta/models')
    expect(canonicalPath('/v1/models/m:countTokens')).toBe('/v1beta/models/m:countTokens')
    // A model whose name has a colon.
    expect(canonicalPath('/v1/models/llama3:8b')).toBe('/v1/models/llama3:8b')
    expect(canonicalPath('/v1/models')).toBe('/v1/models')
  })
})
