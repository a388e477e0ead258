import type { WireQuirks } from '../codecs/codec.ts'

/** A well-known server of the Chat format: how it deviates, found by its host. */
export interface QuirkPreset {
  readonly name: string
  /** Host names; a leading dot means every host below. `host:port` where only the port tells. */
  readonly hosts: readonly string[]
  readonly quirks: WireQuirks
}

/** Of servers nobody told us about: the older field, no `developer` role, nothing extra. All of them take it. */
export const CAUTIOUS_QUIRKS: WireQuirks = { maxTokensField: 'max_tokens', developerRole: false }

/** Of OpenAI's own API. */
export const OPENAI_QUIRKS: WireQuirks = {
  maxTokensField: 'max_completion_tokens',
  developerRole: true,
  streamUsage: true,
  customTools: true,
  videoUrls: false,
}

/**
 * Only what the vendors document or what their servers were seen to refuse. A preset adds to `CAUTIOUS_QUIRKS`; the
 * configuration's `quirks` override both.
 */
export const QUIRK_PRESETS: readonly QuirkPreset[] = [
  { name: 'openai', hosts: ['api.openai.com', '.api.openai.com'], quirks: OPENAI_QUIRKS },
  // Takes its own reasoning_details back, and cache_control on parts for the models that cache explicitly.
  {
    name: 'openrouter',
    hosts: ['openrouter.ai'],
    quirks: { reasoningField: 'reasoning_details', cacheControl: true, topK: true },
  },
  // Gives calls a signature, and wants it back with them.
  { name: 'google', hosts: ['generativelanguage.googleapis.com'], quirks: { thoughtSignatures: true } },
  { name: 'groq', hosts: ['api.groq.com'], quirks: { maxTokensField: 'max_completion_tokens' } },
  // Refuses fields it does not know (422), stream_options and max_completion_tokens among them; reports usage without being asked.
  { name: 'mistral', hosts: ['api.mistral.ai', 'codestral.mistral.ai'], quirks: { streamUsage: false } },
  // Refuses a tool turn whose reasoning is not sent back while thinking is on.
  { name: 'deepseek', hosts: ['api.deepseek.com'], quirks: { reasoningField: 'reasoning_content' } },
  { name: 'moonshot', hosts: ['api.moonshot.ai', 'api.moonshot.cn'], quirks: { reasoningField: 'reasoning_content' } },
  { name: 'xai', hosts: ['api.x.ai', '.api.x.ai'], quirks: {} },
  { name: 'together', hosts: ['api.together.xyz', 'api.together.ai'], quirks: { topK: true } },
  { name: 'fireworks', hosts: ['api.fireworks.ai'], quirks: { topK: true } },
  { name: 'cerebras', hosts: ['api.cerebras.ai'], quirks: { maxTokensField: 'max_completion_tokens' } },
  { name: 'nvidia', hosts: ['integrate.api.nvidia.com'], quirks: {} },
  // Both ignore max_completion_tokens or learned it late; found by their default ports on this machine.
  { name: 'ollama', hosts: ['localhost:11434', '127.0.0.1:11434', 'ollama.com'], quirks: {} },
  { name: 'vllm', hosts: ['localhost:8000', '127.0.0.1:8000'], quirks: { topK: true } },
]
