import type fc from 'fast-check'
import type { WireFormat } from '../../../src/ir/wire-format.ts'
import { anthropicBody } from './anthropic-body.ts'
import { bedrockBody } from './bedrock-body.ts'
import type { Json, Style } from './canary.ts'
import { geminiBody } from './gemini-body.ts'
import { openaiBody } from './openai-body.ts'
import { responsesBody } from './responses-body.ts'

/** Valid request bodies by format. */
export const bodyOf: Readonly<Record<WireFormat, (style?: Style) => fc.Arbitrary<Json>>> = {
  openai: openaiBody,
  responses: responsesBody,
  anthropic: anthropicBody,
  gemini: geminiBody,
  bedrock_converse: bedrockBody,
}
