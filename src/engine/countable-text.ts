import type { ContentPart } from '../ir/content.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { ToolDefinition } from '../ir/tool.ts'
import { toolInputText } from '../codecs/tool-input.ts'

/** Tokens that a message, a tool and an image cost besides their text. The image rate is the reference's constant. */
const PER_MESSAGE = 4
const PER_TOOL = 12
const PER_IMAGE = 1_600

/** The text a tokenizer has to count for a request, and the tokens of what is no text. */
export interface Countable {
  readonly text: string
  readonly extraTokens: number
}

/** Everything of a request that becomes tokens: turns, tool calls and results, reasoning, tool definitions, media at a flat rate. */
export function countableText(request: LlmRequest): Countable {
  const pieces: string[] = []
  let extraTokens = 0
  const visit = (part: ContentPart): void => {
    switch (part.type) {
      case 'text':
      case 'refusal':
        pieces.push(part.text)
        return
      case 'reasoning':
        pieces.push(part.text ?? part.summary?.join('\n') ?? '')
        return
      case 'tool-call':
        pieces.push(part.name, toolInputText(part.input))
        return
      case 'tool-result':
      case 'search-result':
        part.content.forEach(visit)
        return
      case 'image':
        extraTokens += PER_IMAGE
        return
      case 'document':
        if (part.source.kind === 'text') pieces.push(part.source.text)
        else if (part.source.kind === 'parts') part.source.parts.forEach(visit)
        else extraTokens += PER_IMAGE
        return
      case 'hosted-tool-call':
      case 'hosted-tool-result':
      case 'compaction':
        pieces.push(JSON.stringify(part.raw))
        return
      case 'audio':
      case 'video':
      case 'item-reference':
      case 'opaque':
        return
    }
  }
  for (const message of request.messages) {
    extraTokens += PER_MESSAGE
    message.content.forEach(visit)
  }
  for (const tool of request.tools ?? []) extraTokens += toolText(tool, pieces)
  return { text: pieces.join('\n'), extraTokens }
}

function toolText(tool: ToolDefinition, pieces: string[]): number {
  if (tool.type === 'namespace') return tool.tools.reduce((sum, inner) => sum + toolText(inner, pieces), PER_TOOL)
  if (tool.type === 'hosted') pieces.push(JSON.stringify(tool.raw))
  else
    pieces.push(
      tool.name,
      tool.description ?? '',
      JSON.stringify(tool.type === 'function' ? (tool.parameters ?? {}) : (tool.format ?? {})),
    )
  return PER_TOOL
}
