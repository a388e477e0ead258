import type { Translated } from '../../ir/diagnostic.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { EncodeTarget } from '../codec.ts'
import { ToolNames } from '../namespaces.ts'
import { Report } from '../report.ts'
import { CachePoints } from './cache-points.ts'
import { withExtra, type EncodeContext } from './encode-context.ts'
import { encodeFields } from './fields-encoder.ts'
import { encodeInference } from './inference-encoder.ts'
import { encodeMessages } from './messages-encoder.ts'
import { familyOf } from './model-families.data.ts'
import { encodePart } from './parts-encoder.ts'
import { encodeToolConfig } from './tools-encoder.ts'

/** Canonical request → body of `Converse`. The model and whether the answer is streamed stand in the address. */
export function encodeRequest(request: LlmRequest, target: EncodeTarget): Translated<JsonObject> {
  const report = new Report()
  const family = familyOf(target.model)
  const isNative = request.origin === 'bedrock_converse'
  const context: EncodeContext = {
    request,
    target,
    report,
    points: new CachePoints(family.cachePoints || isNative, report),
    names: new ToolNames(request.tools),
    family,
    documentNames: new Set(),
    isNative,
    encodePart,
  }
  const body = encodeBody(context)
  if (!isNative) context.points.enforceLimit()
  return { value: withExtra(body, request, report), diagnostics: report.diagnostics }
}

function encodeBody(context: EncodeContext): JsonObject {
  // The order of the prompt, which is that of the cache points.
  const toolConfig = encodeToolConfig(context)
  const { system, messages } = encodeMessages(context)
  const { config, modelFields, effort } = encodeInference(messages, toolConfig, context)
  const body: JsonObject = {}
  if (toolConfig !== undefined) body['toolConfig'] = toolConfig
  if (system !== undefined) body['system'] = system
  body['messages'] = messages
  if (Object.keys(config).length > 0) body['inferenceConfig'] = config
  if (Object.keys(modelFields).length > 0) body['additionalModelRequestFields'] = modelFields
  encodeFields(body, effort, context)
  return body
}
