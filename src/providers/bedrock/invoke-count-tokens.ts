import type { TokenCounter } from '../../codecs/codec.ts'
import { codecFor } from '../../codecs/registry.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { INVOKE_VERSION } from './invoke-body.ts'

/** The API counts a body that it is told as base64, so nothing in it may be left out that `InvokeModel` wants. */
function body(encoded: JsonObject): JsonObject {
  const { model: _model, stream: _stream, ...messages } = encoded
  const invoked = { anthropic_version: INVOKE_VERSION, ...messages }
  return { input: { invokeModel: { body: Buffer.from(JSON.stringify(invoked)).toString('base64') } } }
}

/** `CountTokens` of a Messages body. */
export const invokeCounter: TokenCounter = {
  body,
  answer: (inputTokens) => codecFor('anthropic').tokenCounter?.answer(inputTokens) ?? {},
  read(answer) {
    const tokens = isObject(answer) ? answer['inputTokens'] : undefined
    return typeof tokens === 'number' ? tokens : undefined
  },
}
