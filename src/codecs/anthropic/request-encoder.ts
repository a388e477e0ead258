import type { Translated } from '../../ir/diagnostic.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { EncodeTarget } from '../codec.ts'
import { ToolNames } from '../namespaces.ts'
import { Report } from '../report.ts'
import { CacheMarkers } from './cache-control.ts'
import { fieldPath, type EncodeContext } from './encode-context.ts'
import { encodeFields, encodeOutputConfig, withRequestExtra } from './fields-encoder.ts'
import { continuesWithoutThinking, encodeMessages } from './messages-encoder.ts'
import { encodePart } from './parts-encoder.ts'
import { encodeSampling } from './sampling-encoder.ts'
import { planThinking, thinks, type ThinkingSurroundings } from '../claude-thinking.ts'
import { encodeToolChoice, forcesCall } from './tool-choice-encoder.ts'
import { encodeTools } from './tools-encoder.ts'

/** The wire demands a limit. Used when neither the client nor the catalogue knows one. */
const DEFAULT_MAX_TOKENS = 32_000

/** Canonical request → body of `POST /v1/messages`. */
export function encodeRequest(request: LlmRequest, target: EncodeTarget): Translated<JsonObject> {
  const report = new Report()
  const context: EncodeContext = {
    request,
    target,
    report,
    markers: new CacheMarkers(),
    names: new ToolNames(request.tools),
    isNative: request.origin === 'anthropic',
    isFirstParty: target.quirks.firstParty === true,
    encodePart,
  }
  return { value: encodeBody(context), diagnostics: report.diagnostics }
}

function encodeBody(context: EncodeContext): JsonObject {
  const { request, target } = context
  const maxTokens = outputLimit(context)
  const tools = encodeTools(context)
  const { system, messages } = encodeMessages(context)
  const toolChoice = encodeToolChoice(tools, context)
  const plan = planThinking(surroundingsOf(maxTokens, messages, toolChoice, context), context)
  const body: JsonObject = { model: target.model, max_tokens: maxTokens }
  // The order of the prompt's own order: a server that hashes prefixes of the text finds the stable parts first.
  if (tools !== undefined) body['tools'] = tools
  if (toolChoice !== undefined) body['tool_choice'] = toolChoice
  if (system !== undefined) body['system'] = system
  body['messages'] = messages
  if (plan.thinking !== undefined) body['thinking'] = plan.thinking
  encodeOutputConfig(body, plan.effort, context)
  encodeSampling(body, thinks(plan), context)
  encodeFields(body, context)
  if (target.stream) body['stream'] = true
  context.markers.enforceLimit(request.cache !== undefined, context.report)
  return withRequestExtra(body, context)
}

function outputLimit(context: EncodeContext): number {
  const wanted = context.request.maxOutputTokens
  const known = context.target.facts.maxOutputTokens
  if (wanted !== undefined) {
    if (known === undefined || wanted <= known) return wanted
    context.report.rewritten('max_output_tokens', fieldPath(context, 'max_output_tokens'), "the limit is above the model's own")
    return known
  }
  if (known !== undefined) return known
  context.report.rewritten(
    'max_output_tokens.default',
    fieldPath(context, 'max_output_tokens.default'),
    'the format demands an output limit, and none is known for the model',
  )
  return DEFAULT_MAX_TOKENS
}

function surroundingsOf(
  maxTokens: number,
  messages: JsonObject[],
  toolChoice: JsonObject | undefined,
  context: EncodeContext,
): ThinkingSurroundings {
  return {
    maxTokens,
    forcesCall: forcesCall(toolChoice),
    continuesWithoutThinking: continuesWithoutThinking(messages, context),
    endsWithPrefill: messages.at(-1)?.['role'] === 'assistant',
  }
}
