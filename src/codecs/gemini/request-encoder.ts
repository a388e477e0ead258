import type { Translated } from '../../ir/diagnostic.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { EncodeTarget } from '../codec.ts'
import { ToolNames } from '../namespaces.ts'
import { Report } from '../report.ts'
import { encodeContents } from './contents-encoder.ts'
import { familyOf, withExtra, type EncodeContext } from './encode-context.ts'
import { encodeFields } from './fields-encoder.ts'
import { FunctionNames } from './function-names.ts'
import { encodeGenerationConfig } from './generation-config-encoder.ts'
import { encodeToolConfig } from './tool-config-encoder.ts'
import { encodeTools } from './tools-encoder.ts'

/** Canonical request → body of `generateContent`. The model and whether the answer is streamed stand in the address. */
export function encodeRequest(request: LlmRequest, target: EncodeTarget): Translated<JsonObject> {
  const report = new Report()
  const context: EncodeContext = {
    request,
    target,
    report,
    family: familyOf(target.model),
    isNative: request.origin === 'gemini',
  }
  return { value: encodeBody(context), diagnostics: report.diagnostics }
}

function encodeBody(context: EncodeContext): JsonObject {
  const names = new FunctionNames(new ToolNames(context.request.tools))
  const tools = encodeTools(names, context)
  const { systemInstruction, contents } = encodeContents(names, context)
  const toolConfig = encodeToolConfig(tools, names, context)
  const hasFunctions = tools?.some((tool) => tool['functionDeclarations'] !== undefined) ?? false
  const { config, instruction } = encodeGenerationConfig(hasFunctions, context)
  const body: JsonObject = {}
  // The order of the prompt: a server that hashes prefixes of the text finds the stable parts first.
  if (tools !== undefined) body['tools'] = tools
  if (toolConfig !== undefined) body['toolConfig'] = toolConfig
  const instructions = withInstruction(systemInstruction, instruction)
  if (instructions !== undefined) body['systemInstruction'] = instructions
  body['contents'] = contents
  if (Object.keys(config).length > 0) body['generationConfig'] = config
  encodeFields(body, context)
  return withExtra(body, context.request, context.report)
}

function withInstruction(systemInstruction: JsonObject | undefined, instruction: string | undefined): JsonObject | undefined {
  if (instruction === undefined) return systemInstruction
  const parts = (systemInstruction?.['parts'] ?? []) as unknown[]
  return { ...systemInstruction, parts: [...parts, { text: instruction }] }
}
