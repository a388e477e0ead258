import { describe, expect, test } from 'bun:test'
import { isFirstParty, presetFor, resolveQuirks } from './quirks.ts'
import { OPENAI_QUIRKS } from './quirks.data.ts'

const settings = (
  baseUrl: string,
  quirks: Record<string, unknown> = {},
): { baseUrl: string; quirks: Record<string, unknown> } => ({ baseUrl, quirks })

describe('quirks', () => {
  test.each([
    ['https://openrouter.ai/api/v1', 'openrouter'],
    ['https://api.groq.com/openai/v1', 'groq'],
    ['https://api.deepseek.com', 'deepseek'],
    ['http://localhost:11434/v1', 'ollama'],
    ['https://us-east-1.api.x.ai/v1', 'xai'],
  ])('%s is known as %s', (baseUrl, name) => {
    expect(presetFor(baseUrl)?.name).toBe(name)
  })

  test('hosts that only look alike are not known', () => {
    expect(presetFor('https://openrouter.ai.evil.test/v1')).toBeUndefined()
    expect(presetFor('https://notapi.x.ai.test')).toBeUndefined()
    expect(presetFor('http://localhost:9999/v1')).toBeUndefined()
    expect(presetFor('')).toBeUndefined()
  })

  test('an unknown server gets what every server takes', () => {
    expect(resolveQuirks(settings('https://llm.corp.test/v1'), undefined, false)).toEqual({
      maxTokensField: 'max_tokens',
      developerRole: false,
      firstParty: false,
    })
  })

  test('a preset adds to that, and the configuration overrides both', () => {
    expect(resolveQuirks(settings('https://api.mistral.ai/v1'), undefined, false)).toMatchObject({
      maxTokensField: 'max_tokens',
      streamUsage: false,
    })
    expect(
      resolveQuirks(settings('https://api.mistral.ai/v1', { streamUsage: true, developerRole: true }), undefined, false),
    ).toMatchObject({
      streamUsage: true,
      developerRole: true,
    })
  })

  test('the quirks of a type replace those of the host', () => {
    expect(resolveQuirks(settings('https://api.mistral.ai/v1'), OPENAI_QUIRKS, false)).toEqual({
      ...OPENAI_QUIRKS,
      firstParty: false,
    })
  })
})

test('the vendor of a format is known by its host, or told by the configuration', () => {
  expect(isFirstParty({ format: 'anthropic', ...settings('https://api.anthropic.com') })).toBe(true)
  expect(isFirstParty({ format: 'responses', ...settings('https://api.openai.com/v1') })).toBe(true)
  expect(isFirstParty({ format: 'openai', ...settings('https://eu.api.openai.com/v1') })).toBe(true)
  expect(isFirstParty({ format: 'openai', ...settings('https://api.anthropic.com/v1') })).toBe(false)
  expect(isFirstParty({ format: 'openai', ...settings('https://api.openai.com.evil.test/v1') })).toBe(false)
  expect(isFirstParty({ format: 'anthropic', ...settings('https://relay.test', { firstParty: true }) })).toBe(true)
  expect(isFirstParty({ format: 'anthropic', ...settings('https://api.anthropic.com', { firstParty: false }) })).toBe(false)
})
