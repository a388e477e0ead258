import type { ConfigInput } from './schema.ts'

/** A vendor whose key in the environment is enough to serve it. */
export interface Vendor {
  /** Id of the provider made from it. */
  readonly id: string
  readonly type: 'openai' | 'anthropic' | 'gemini' | 'openai_compatible'
  readonly baseUrl: string
  readonly keyVariable: string
  /** Variable with another address, as the vendor's own SDK reads it. */
  readonly addressVariable?: string
  /** Model names that begin like this are the vendor's own. */
  readonly prefixes: readonly string[]
}

/** In the order in which they become the default provider. */
export const VENDORS: readonly Vendor[] = [
  {
    id: 'openai',
    type: 'openai',
    baseUrl: 'https://api.openai.com/v1',
    keyVariable: 'OPENAI_API_KEY',
    addressVariable: 'OPENAI_BASE_URL',
    prefixes: ['gpt-', 'chatgpt-', 'codex-', 'o1', 'o3', 'o4'],
  },
  {
    id: 'anthropic',
    type: 'anthropic',
    baseUrl: 'https://api.anthropic.com',
    keyVariable: 'ANTHROPIC_API_KEY',
    addressVariable: 'ANTHROPIC_BASE_URL',
    prefixes: ['claude-'],
  },
  {
    id: 'gemini',
    type: 'gemini',
    baseUrl: 'https://generativelanguage.googleapis.com',
    keyVariable: 'GEMINI_API_KEY',
    addressVariable: 'GOOGLE_GEMINI_BASE_URL',
    prefixes: ['gemini-', 'gemma-'],
  },
  {
    id: 'openrouter',
    type: 'openai_compatible',
    baseUrl: 'https://openrouter.ai/api/v1',
    keyVariable: 'OPENROUTER_API_KEY',
    prefixes: [],
  },
  { id: 'groq', type: 'openai_compatible', baseUrl: 'https://api.groq.com/openai/v1', keyVariable: 'GROQ_API_KEY', prefixes: [] },
  {
    id: 'deepseek',
    type: 'openai_compatible',
    baseUrl: 'https://api.deepseek.com',
    keyVariable: 'DEEPSEEK_API_KEY',
    prefixes: ['deepseek-'],
  },
  {
    id: 'mistral',
    type: 'openai_compatible',
    baseUrl: 'https://api.mistral.ai/v1',
    keyVariable: 'MISTRAL_API_KEY',
    prefixes: ['mistral-', 'ministral-', 'magistral-', 'codestral-', 'devstral-'],
  },
  { id: 'xai', type: 'openai_compatible', baseUrl: 'https://api.x.ai/v1', keyVariable: 'XAI_API_KEY', prefixes: ['grok-'] },
  {
    id: 'together',
    type: 'openai_compatible',
    baseUrl: 'https://api.together.ai/v1',
    keyVariable: 'TOGETHER_API_KEY',
    prefixes: [],
  },
  {
    id: 'cerebras',
    type: 'openai_compatible',
    baseUrl: 'https://api.cerebras.ai/v1',
    keyVariable: 'CEREBRAS_API_KEY',
    prefixes: [],
  },
  {
    id: 'fireworks',
    type: 'openai_compatible',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    keyVariable: 'FIREWORKS_API_KEY',
    prefixes: [],
  },
]

/** Served when there is neither a configuration nor a key: the same as `config/quickstart.yaml`. */
export const MOCK_CONFIG: ConfigInput = {
  server: { bind: '127.0.0.1:8765' },
  providers: [{ id: 'mock', type: 'mock' }],
  routes: [{ name: 'default', match: { model: '*' }, targets: ['mock/echo'] }],
}
