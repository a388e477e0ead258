import type { Feature, LossColumn } from '../ir/feature.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { anthropicLossColumn } from './loss/anthropic.ts'
import { bedrockConverseLossColumn } from './loss/bedrock-converse.ts'
import { geminiLossColumn } from './loss/gemini.ts'
import { openaiLossColumn } from './loss/openai.ts'
import { responsesLossColumn } from './loss/responses.ts'

/** The table *feature × format*: what each upstream format does with each feature. */
export const LOSS_TABLE: Readonly<Record<WireFormat, LossColumn>> = {
  openai: openaiLossColumn,
  responses: responsesLossColumn,
  anthropic: anthropicLossColumn,
  gemini: geminiLossColumn,
  bedrock_converse: bedrockConverseLossColumn,
}

/** Features of the request that `format` would lose, sorted. Holds at least what the encoder will report as lost. */
export function predictLosses(features: ReadonlySet<Feature>, format: WireFormat): Feature[] {
  const column = LOSS_TABLE[format]
  const losses: Feature[] = []
  for (const feature of features) if (column[feature] === 'lost') losses.push(feature)
  return losses.sort()
}
