import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded } from '../../../test/support/load-config-text.ts'
import { providerSchema } from '../provider.schema.ts'
import { presetFor } from '../quirks.ts'
import { PRESETS, type Preset } from './index.ts'
import { presetEntry } from './preset-entry.ts'

const types: readonly string[] = providerSchema.shape.type.options
const present = PRESETS.filter(({ type }) => types.includes(type))
const examples = ({ asks = [] }: Preset): Record<string, string> =>
  Object.fromEntries(asks.map(({ name, example }) => [name, example]))

describe('presets', () => {
  test('are there for every upstream that people ask for', () => {
    const asked =
      'openai openrouter anthropic gemini deepseek groq mistral together fireworks cerebras xai nvidia ollama vllm bedrock vertex azure'
    expect(PRESETS.map(({ id }) => id)).toEqual(expect.arrayContaining(asked.split(' ')))
  })

  test('have names of their own', () => {
    expect(new Set(PRESETS.map(({ id }) => id)).size).toBe(PRESETS.length)
  })

  test.each(present)('make a valid configuration without a word: $id', (preset) => {
    const entry = presetEntry(preset, { answers: examples(preset) })
    const usual = preset.keyVariable === undefined ? {} : { [preset.keyVariable]: 'sk-test' }
    const env = { GOOGLE_APPLICATION_CREDENTIALS: '/keys/robot.json', ...usual }
    const { compiled, warnings } = loaded(loadConfigText(JSON.stringify({ providers: [entry] }), { env }))
    expect(warnings).toEqual([])
    const [provider] = compiled.providers
    expect(provider?.accounts).toHaveLength(1)
    expect(provider?.accounts[0]?.apiKey === undefined).toBe(preset.keyVariable === undefined)
  })

  test.each(PRESETS.map(({ id, docs, source }) => [id, docs, source]))('say where %s is documented', (_id, docs, source) => {
    expect(docs).toStartWith('https://')
    expect(source).toMatch(/20\d\d/)
  })

  test('of vendors whose servers deviate are known by their hosts', () => {
    const deviating = [
      'openai',
      'openrouter',
      'groq',
      'mistral',
      'deepseek',
      'moonshot',
      'xai',
      'together',
      'fireworks',
      'cerebras',
    ]
    for (const id of deviating) {
      const preset = PRESETS.find((candidate) => candidate.id === id)
      expect([id, presetFor(preset?.baseUrl ?? '')?.name]).toEqual([id, id])
    }
  })
})
