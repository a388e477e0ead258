import type { Preset } from './preset.types.ts'

const NO_KEY = { auth_scheme: { kind: 'none' }, tags: ['private'] }

/** Servers of one's own, at their usual ports. */
export const LOCAL_PRESETS: readonly Preset[] = [
  {
    id: 'ollama',
    name: 'Ollama on this machine',
    type: 'openai_compatible',
    baseUrl: 'http://localhost:11434/v1',
    entry: NO_KEY,
    docs: 'https://docs.ollama.com/api/openai-compatibility',
    source: 'docs.ollama.com, 2026',
  },
  {
    id: 'vllm',
    name: 'vLLM on this machine',
    type: 'openai_compatible',
    baseUrl: 'http://localhost:8000/v1',
    entry: NO_KEY,
    docs: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
    source: 'docs.vllm.ai, 2026',
  },
  {
    id: 'lmstudio',
    name: 'LM Studio on this machine',
    type: 'openai_compatible',
    baseUrl: 'http://localhost:1234/v1',
    entry: NO_KEY,
    docs: 'https://lmstudio.ai/docs/developer/openai-compat',
    source: 'lmstudio.ai/docs, 2026',
  },
]
