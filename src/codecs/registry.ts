import type { WireFormat } from '../ir/wire-format.ts'
import { anthropicCodec } from './anthropic/index.ts'
import { bedrockConverseCodec } from './bedrock-converse/index.ts'
import type { Codec } from './codec.ts'
import { geminiCodec } from './gemini/index.ts'
import { openaiCodec } from './openai/index.ts'
import { responsesCodec } from './responses/index.ts'

/** Every wire format the gateway speaks, towards clients and upstreams. */
export const codecs: Readonly<Record<WireFormat, Codec>> = {
  openai: openaiCodec,
  responses: responsesCodec,
  anthropic: anthropicCodec,
  gemini: geminiCodec,
  bedrock_converse: bedrockConverseCodec,
}

export function codecFor(format: WireFormat): Codec {
  return codecs[format]
}
