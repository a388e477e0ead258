import type { ContextOverflow } from '../ir/context-overflow.ts'
import { GatewayError } from './gateway-error.ts'

/** What the client is told when routing finds no target whose context is large enough. `sizes.windowTokens` is the largest there is. */
export function contextWindowExceeded(route: string, sizes: ContextOverflow): GatewayError {
  const { promptTokens, outputTokens, windowTokens } = sizes
  const prompt = promptTokens === undefined ? 'The prompt' : `The prompt of about ${promptTokens} tokens`
  const output = outputTokens === undefined ? '' : `, with ${outputTokens} tokens kept for the answer,`
  const window = windowTokens === undefined ? '' : ` The largest takes ${windowTokens} tokens.`
  return new GatewayError(
    'context_window_exceeded',
    `${prompt}${output} fits into the context of no target of route "${route}".${window} Shorten the conversation.`,
    { overflow: sizes },
  )
}
