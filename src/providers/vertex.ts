import { vertexEmbeddings } from '../codecs/gemini/vertex-embeddings.ts'
import { isObject, type JsonObject } from '../ir/json.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { bytesOf, claudeBody } from './claude-body.ts'
import { createHttpProvider, type ProviderManner } from './http-provider.ts'
import type { ProviderDefinition } from './provider-definition.ts'
import type { BuildOptions, UpstreamBody } from './provider.types.ts'

/** Version of the Messages format at Vertex. Source: https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai */
const CLAUDE_VERSION = 'vertex-2023-10-16'

/** The base address names project, region and publisher. Other models than Google's and Anthropic's are called in OpenAI's format. */
const MANNERS: Readonly<Partial<Record<WireFormat, ProviderManner>>> = {
  gemini: { api: 'vertex_google', bodyOf: geminiBody },
  anthropic: {
    api: 'vertex_anthropic',
    // The counter has one address for all models.
    bodyOf: ({ body, operation }) =>
      claudeBody(body, { version: CLAUDE_VERSION, without: operation === 'count-tokens' ? [] : ['model'] }),
  },
}

/** Google Cloud's Vertex AI: models of Google and of others, with a token of the cloud. */
export const vertexProvider: ProviderDefinition = {
  type: 'vertex',
  create: (settings, deps) => ({
    ...createHttpProvider(settings, deps, undefined, MANNERS[settings.format]),
    embeddings: vertexEmbeddings,
  }),
}

/** What the counter takes. Source: `CountTokensRequest` of the API, version 1. */
const COUNTED = ['contents', 'systemInstruction', 'tools', 'generationConfig'] as const

/** The counter wants the prompt itself, where that of the Gemini API wants a whole request. */
function geminiBody({ body, operation }: BuildOptions): UpstreamBody {
  if (operation !== 'count-tokens') return body
  const parsed: unknown = JSON.parse(Buffer.from(bytesOf(body)).toString())
  const request = isObject(parsed) ? parsed['generateContentRequest'] : undefined
  if (!isObject(request)) return body
  const counted: JsonObject = {}
  for (const name of COUNTED) if (request[name] !== undefined) counted[name] = request[name]
  return JSON.stringify(counted)
}
