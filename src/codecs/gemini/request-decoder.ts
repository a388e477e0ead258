import type { Translated } from '../../ir/diagnostic.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { CallAddress } from '../codec.ts'
import { invalid, requireObject } from '../wire-values.ts'
import { decodeContents, decodeSystemInstruction } from './contents-decoder.ts'
import { keepExtra } from '../extra-fields.ts'
import { FieldReader } from './fields.ts'
import { decodeGenerationConfig, type Paths } from './generation-config-decoder.ts'
import { modelName } from './model-name.ts'
import { decodeFunctionCalling, decodeTools } from './tools-decoder.ts'

/** Body of `generateContent` → canonical request. Model and manner stand in the address. */
export function decodeRequest(value: unknown, address?: CallAddress): Translated<LlmRequest> {
  const fields = new FieldReader(requireObject(value, ''), '')
  const paths: Paths = {}
  // The field is part of the message, and repeats what the address says.
  const named = fields.string('model')
  const model = address?.model ?? (named === undefined ? invalid('/model', 'is required') : modelName(named))
  const stream = address?.stream ?? fields.boolean('stream') ?? false
  const messages = decodeContents(fields.any('contents'), fields.pathOf('contents'))
  const system = decodeSystemInstruction(fields.any('systemInstruction'), fields.pathOf('systemInstruction'))
  if (system !== undefined) messages.unshift(system)
  const request: LlmRequest = { model, origin: 'gemini', paths, messages, sampling: {}, stream }
  const tools = decodeTools(fields.any('tools'), fields.pathOf('tools'))
  if (tools !== undefined) request.tools = tools
  readToolConfig(fields, request, paths)
  readGenerationConfig(fields, request, paths)
  readFields(fields, request, paths)
  return { value: keepExtra(request, fields.extra()), diagnostics: [] }
}

function readToolConfig(fields: FieldReader, request: LlmRequest, paths: Paths): void {
  const value = fields.any('toolConfig')
  if (value === undefined) return
  const config = new FieldReader(requireObject(value, fields.pathOf('toolConfig')), fields.pathOf('toolConfig'))
  const calling = config.any('functionCallingConfig')
  if (calling !== undefined) {
    const { choice, path, rest } = decodeFunctionCalling(calling, config.pathOf('functionCallingConfig'))
    if (choice !== undefined) request.toolChoice = choice
    for (const kind of ['required', 'named', 'allowed', 'validated', 'raw'] as const) paths[`tool_choice.${kind}`] = path
    if (rest !== undefined) config.keepNested('functionCallingConfig', { format: 'gemini', fields: rest })
  }
  fields.keepNested('toolConfig', config.extra())
}

function readGenerationConfig(fields: FieldReader, request: LlmRequest, paths: Paths): void {
  const value = fields.any('generationConfig')
  if (value === undefined) return
  const config = decodeGenerationConfig(value, fields.pathOf('generationConfig'), request, paths)
  fields.keepNested('generationConfig', config.extra())
}

function readFields(fields: FieldReader, request: LlmRequest, paths: Paths): void {
  const tier = fields.string('serviceTier')
  if (tier !== undefined) {
    request.serviceTier = tier
    paths.service_tier = fields.pathOf('serviceTier')
  }
  const labels = fields.record('labels')
  if (labels !== undefined) {
    request.metadata = labels
    paths.metadata = fields.pathOf('labels')
  }
  const store = fields.boolean('store')
  if (store !== undefined) {
    request.state = { store }
    paths['state.store'] = fields.pathOf('store')
  }
  for (const [name, field] of [
    ['safetySettings', 'safety_settings'],
    ['cachedContent', 'cached_content'],
  ] as const) {
    const setting = fields.any(name)
    if (setting === undefined) continue
    request.vendor = { ...request.vendor, [field]: setting }
    paths[`vendor.${field}`] = fields.pathOf(name)
  }
}
