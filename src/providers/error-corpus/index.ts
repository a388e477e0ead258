import { ALIBABA_ERRORS } from './alibaba.data.ts'
import { ANTHROPIC_ERRORS } from './anthropic.data.ts'
import { AZURE_ERRORS } from './azure.data.ts'
import { BEDROCK_ERRORS } from './bedrock.data.ts'
import { CEREBRAS_ERRORS } from './cerebras.data.ts'
import { DEEPSEEK_ERRORS } from './deepseek.data.ts'
import type { ProviderErrors } from './error-case.ts'
import { FIREWORKS_ERRORS } from './fireworks.data.ts'
import { GEMINI_COMPATIBLE_ERRORS, GEMINI_ERRORS, VERTEX_ERRORS } from './google.data.ts'
import { GROQ_ERRORS } from './groq.data.ts'
import { MISTRAL_ERRORS } from './mistral.data.ts'
import { MOONSHOT_ERRORS } from './moonshot.data.ts'
import { NVIDIA_ERRORS } from './nvidia.data.ts'
import { OLLAMA_ERRORS } from './ollama.data.ts'
import { OPENAI_ERRORS } from './openai.data.ts'
import { OPENROUTER_ERRORS } from './openrouter.data.ts'
import { PERPLEXITY_ERRORS } from './perplexity.data.ts'
import { TOGETHER_ERRORS } from './together.data.ts'
import { VLLM_ERRORS } from './vllm.data.ts'
import { XAI_ERRORS } from './xai.data.ts'
import { ZAI_ERRORS } from './zai.data.ts'

/** What each provider answers when it refuses. */
export const ERROR_CORPUS: readonly ProviderErrors[] = [
  OPENAI_ERRORS,
  AZURE_ERRORS,
  ANTHROPIC_ERRORS,
  GEMINI_ERRORS,
  GEMINI_COMPATIBLE_ERRORS,
  VERTEX_ERRORS,
  BEDROCK_ERRORS,
  OPENROUTER_ERRORS,
  GROQ_ERRORS,
  MISTRAL_ERRORS,
  DEEPSEEK_ERRORS,
  XAI_ERRORS,
  TOGETHER_ERRORS,
  FIREWORKS_ERRORS,
  CEREBRAS_ERRORS,
  NVIDIA_ERRORS,
  OLLAMA_ERRORS,
  VLLM_ERRORS,
  PERPLEXITY_ERRORS,
  MOONSHOT_ERRORS,
  ZAI_ERRORS,
  ALIBABA_ERRORS,
]
