import { describe, expect, test } from 'bun:test'
import { catalogueFacts } from './model-facts.ts'
import catalogue from './models.data.json' with { type: 'json' }

describe('the model catalogue', () => {
  test('tells limits and abilities of a model at its own vendor', () => {
    expect(catalogueFacts('anthropic', 'api.anthropic.com', 'claude-3-7-sonnet-20250219')).toEqual({
      contextWindow: 200_000,
      maxOutputTokens: 64_000,
      thinking: 'budget',
      sampling: true,
      toolCalling: true,
      visionIn: true,
      audioIn: false,
      videoIn: false,
      fileIn: true,
      reasoning: true,
      openWeights: false,
      deprecated: true,
      released: '2025-02-19',
      knowledge: '2024-10-31',
    })
  })

  test('finds a provider by the host of its base URL, whatever the operator calls it', () => {
    expect(catalogueFacts('work', 'openrouter.ai', 'google/gemini-2.5-pro').contextWindow).toBe(1_048_576)
  })

  test("finds a model by its vendor's name where the provider is unknown", () => {
    const own = catalogueFacts('google', '', 'gemini-2.5-flash')
    expect(own.audioIn).toBe(true)
    expect(catalogueFacts('proxy', 'proxy.example', 'gemini-2.5-flash')).toEqual(own)
    expect(catalogueFacts('proxy', 'proxy.example', 'google/gemini-2.5-flash')).toEqual(own)
  })

  test('leaves unknown what the source does not say', () => {
    expect(catalogueFacts('alibaba', '', 'qwen-max')).not.toHaveProperty('jsonSchema')
    // The source gives this model a context of 0: it takes audio, not tokens.
    expect(catalogueFacts('groq', '', 'whisper-large-v3')).not.toHaveProperty('contextWindow')
  })

  test('knows nothing of names nobody has, nor of names that every object has', () => {
    for (const name of ['no-such-model', 'constructor', '__proto__', 'toString']) {
      expect(catalogueFacts('nobody', 'nowhere.example', name)).toEqual({})
      expect(catalogueFacts(name, 'nowhere.example', name)).toEqual({})
      expect(catalogueFacts('nobody', 'nowhere.example', `${name}/${name}`)).toEqual({})
    }
  })

  test('is dated, sourced and complete in every row', () => {
    expect(catalogue).toMatchObject({ source: 'models.dev', licence: 'MIT' })
    expect(catalogue.as_of).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    for (const { models } of Object.values(catalogue.providers)) {
      for (const row of Object.values(models) as unknown[][]) {
        expect(row).toHaveLength(catalogue.columns.length)
        expect(row[4]).toMatch(/^[yn?]{9}$/)
      }
    }
  })
})
