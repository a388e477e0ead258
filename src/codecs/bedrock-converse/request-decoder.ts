import type { ContentPart } from '../../ir/content.ts'
import type { Translated } from '../../ir/diagnostic.ts'
import type { Feature } from '../../ir/feature.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmRequest, Message, ReasoningOptions, ResponseFormat } from '../../ir/request.ts'
import { withCallSignatures } from '../call-signatures.ts'
import type { CallAddress } from '../codec.ts'
import { invalid, requireObject } from '../wire-values.ts'
import { decodeBlocks } from './blocks-decoder.ts'
import { keepExtra } from '../extra-fields.ts'
import { FieldReader, requireList } from './fields.ts'
import { decodeToolConfig } from './tools-decoder.ts'

type Paths = Partial<Record<Feature, string>>

/** Body of `Converse` and `ConverseStream` → canonical request. Model and manner stand in the address. */
export function decodeRequest(value: unknown, address?: CallAddress): Translated<LlmRequest> {
  const fields = new FieldReader(requireObject(value, ''), '')
  const model = address?.model ?? fields.string('modelId') ?? invalid('/modelId', 'is required')
  const paths: Paths = {}
  const messages = decodeMessages(fields.any('messages'))
  const system = fields.any('system')
  if (system !== undefined)
    messages.unshift({ role: 'system', instructions: true, path: '/system', content: decodeBlocks(system, '/system') })
  const request: LlmRequest = {
    model,
    origin: 'bedrock_converse',
    paths,
    messages,
    sampling: {},
    stream: address?.stream ?? false,
  }
  fields.inside('inferenceConfig', (config) => readInference(config, request, paths))
  fields.inside('toolConfig', (config) => decodeToolConfig(config, request, paths))
  fields.inside('additionalModelRequestFields', (more) => readModelFields(more, request, paths))
  fields.inside('outputConfig', (config) => readOutputConfig(config, request, paths))
  fields.inside('serviceTier', (tier) => {
    const type = tier.string('type')
    if (type === undefined) return
    // Capacity that was bought here is nothing to ask others for.
    if (type === 'reserved') {
      tier.keep('type', type)
      return
    }
    request.serviceTier = type
    paths.service_tier = tier.pathOf('type')
  })
  const metadata = fields.record('requestMetadata')
  if (metadata !== undefined) {
    request.metadata = metadata
    paths.metadata = '/requestMetadata'
  }
  return { value: keepExtra(request, fields.extra()), diagnostics: [] }
}

/** The turns. A turn of the user that answers calls becomes `tool` and `user` messages of the same path, in its own order. */
function decodeMessages(value: unknown): Message[] {
  const messages: Message[] = []
  for (const [index, entry] of requireList(value ?? [], '/messages').entries()) {
    const path = `/messages/${index}`
    const fields = new FieldReader(requireObject(entry, path), path)
    const role = fields.any('role')
    if (role !== 'user' && role !== 'assistant') return invalid(`${path}/role`, "must be 'user' or 'assistant'")
    const content = withCallSignatures(decodeBlocks(fields.any('content'), `${path}/content`))
    const turn = keepExtra<Message>({ role, content, path }, fields.extra())
    if (role === 'user' && content.some((part) => part.type === 'tool-result')) splitResults(turn, messages)
    else messages.push(turn)
  }
  return messages
}

function splitResults(turn: Message, into: Message[]): void {
  let run: ContentPart[] = []
  let current: Message | undefined
  for (const part of turn.content) {
    const role = part.type === 'tool-result' ? 'tool' : 'user'
    if (current?.role !== role) {
      run = []
      // Unknown fields of the turn stay with its first message.
      current = keepExtra<Message>({ role, content: run, path: turn.path }, current === undefined ? turn.extra : undefined)
      into.push(current)
    }
    run.push(part)
  }
}

const SAMPLING = [
  ['temperature', 'temperature', 'sampling.temperature'],
  ['topP', 'topP', 'sampling.top_p'],
] as const

function readInference(config: FieldReader, request: LlmRequest, paths: Paths): void {
  for (const [name, target, feature] of SAMPLING) {
    const number = config.number(name)
    if (number === undefined) continue
    request.sampling[target] = number
    paths[feature] = config.pathOf(name)
  }
  const limit = config.number('maxTokens')
  if (limit !== undefined) {
    request.maxOutputTokens = limit
    paths.max_output_tokens = config.pathOf('maxTokens')
  }
  const stop = config.strings('stopSequences')
  if (stop !== undefined) {
    request.sampling.stop = stop
    paths['sampling.stop'] = config.pathOf('stopSequences')
  }
}

const MODES: ReadonlySet<unknown> = new Set(['enabled', 'disabled', 'adaptive'])

/** What goes to the model beside the API: of Claude's own fields, those that other formats know too. */
function readModelFields(more: FieldReader, request: LlmRequest, paths: Paths): void {
  const topK = more.number('top_k')
  if (topK !== undefined) {
    request.sampling.topK = topK
    paths['sampling.top_k'] = more.pathOf('top_k')
  }
  more.inside('thinking', (thinking) => {
    const type = thinking.string('type')
    if (type === undefined) return
    if (!MODES.has(type)) {
      thinking.keep('type', type)
      return
    }
    const reasoning: ReasoningOptions = { mode: type as NonNullable<ReasoningOptions['mode']> }
    paths['reasoning.mode'] = thinking.path
    const budget = thinking.number('budget_tokens')
    if (budget !== undefined) {
      reasoning.budgetTokens = budget
      paths['reasoning.budget'] = thinking.pathOf('budget_tokens')
    }
    const display = thinking.string('display')
    if (display !== undefined) {
      reasoning.display = display
      paths['reasoning.display'] = thinking.pathOf('display')
    }
    request.reasoning = reasoning
  })
}

function readOutputConfig(config: FieldReader, request: LlmRequest, paths: Paths): void {
  const effort = config.string('effort')
  if (effort !== undefined) {
    request.reasoning = { ...request.reasoning, effort }
    paths['reasoning.effort'] = config.pathOf('effort')
  }
  const format = config.record('textFormat')
  if (format === undefined) return
  const path = config.pathOf('textFormat')
  request.responseFormat = schemaFormat(format, path) ?? { type: 'raw', origin: 'bedrock_converse', raw: format }
  paths['response_format.json_schema'] = paths['response_format.raw'] = path
}

/** A schema travels as text; one that is no JSON stays in the format's own words. */
function schemaFormat(format: JsonObject, path: string): ResponseFormat | undefined {
  const { type, structure, ...rest } = format
  const inner = isObject(structure) ? structure['jsonSchema'] : undefined
  if (type !== 'json_schema' || !isObject(inner) || Object.keys(rest).length > 0) return undefined
  const { schema, name, description, ...others } = inner
  const isKnown = typeof schema === 'string' && isTextOrAbsent(name) && isTextOrAbsent(description)
  if (!isKnown || Object.keys(others).length > 0 || Object.keys(structure as JsonObject).length > 1) return undefined
  try {
    const parsed: unknown = JSON.parse(schema)
    const told = {
      ...(name === undefined ? {} : { name: name as string }),
      ...(description === undefined ? {} : { description: description as string }),
    }
    const schemaPath = `${path}/structure/jsonSchema/schema`
    return { type: 'json-schema', ...told, schema: parsed, schemaPath, dialect: { origin: 'bedrock_converse', schema } }
  } catch {
    return undefined
  }
}

const isTextOrAbsent = (value: unknown): boolean => value === undefined || typeof value === 'string'
