import {
  beginningOf,
  demand,
  demandOnly,
  piecesOf,
  REASONING,
  TOKENS,
  type Answer,
  type Dialect,
  type Json,
  type SeenPart,
} from './scripted-upstream-script.ts'

const FIELDS = [
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
  'safetySettings',
  'cachedContent',
  'serviceTier',
  'labels',
  'store',
]
const CONFIG = [
  'temperature',
  'topP',
  'topK',
  'candidateCount',
  'maxOutputTokens',
  'stopSequences',
  'presencePenalty',
  'frequencyPenalty',
  'seed',
  'responseLogprobs',
  'logprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'responseModalities',
  'thinkingConfig',
  'mediaResolution',
  'speechConfig',
]
const KEYWORDS =
  /^(\$schema|\$id|\$defs|\$ref|\$anchor|type|format|title|description|enum|items|prefixItems|minItems|maxItems|minimum|maximum|anyOf|oneOf|properties|additionalProperties|required|propertyOrdering)$/
const NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/

const SIGNATURE = 'CiQBscripted+thought/signature=='
/** What the vendor's guide says to send in place of a signature that never was. */
const STAND_IN = 'skip_thought_signature_validator'

const USAGE = {
  promptTokenCount: TOKENS.input,
  cachedContentTokenCount: TOKENS.cached,
  candidatesTokenCount: TOKENS.output - TOKENS.reasoning,
  thoughtsTokenCount: TOKENS.reasoning,
  totalTokenCount: TOKENS.input + TOKENS.output,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: TOKENS.input }],
}

/** Google's Gemini API, with a model of the third generation, which demands its signatures back. */
export const geminiDialect: Dialect = {
  format: 'gemini',
  callId: (n) => `function-call-scripted-${n}`,

  read(body, headers, stream = false) {
    demand(headers['x-goog-api-key'] === 'sk-upstream-gemini', 'the key did not arrive')
    demandOnly(body, FIELDS, 'body')
    demand(Array.isArray(body.contents) && body.contents.length > 0, 'contents is not specified')
    const config: Json = body.generationConfig ?? {}
    demandOnly(config, CONFIG, 'generation_config')
    const parts: SeenPart[] = (body.systemInstruction?.parts ?? []).map(({ text }: Json) => ({ kind: 'system', text }))
    const turns = turnsOf(body.contents)
    demandSignatures(turns)
    let open: Json[] = []
    for (const [index, content] of turns.entries()) {
      const where = `contents[${index}]`
      demand(['user', 'model'].includes(content.role), 'Please use a valid role: user, model.')
      demand(Array.isArray(content.parts) && content.parts.length > 0, `${where}.parts must not be empty.`)
      const results = content.parts.filter((part: Json) => part.functionResponse !== undefined)
      demand(
        results.length === open.length,
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      )
      for (const part of content.parts) readPart(part, content.role, { where, open, parts })
      open = content.parts.flatMap((part: Json) => (part.functionCall === undefined ? [] : [part.functionCall]))
      demand(
        open.length === 0 || turns[index - 1]?.role === 'user',
        'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
      )
    }
    demand(open.length === 0, 'a function call turn was not answered')
    return { stream, parts, tools: readTools(body), schema: readSchema(config), thinks: readThinking(config.thinkingConfig) }
  },

  whole: (answer, model) => chunkOf(model, partsOf(answer), finishOf(answer)),

  frames(answer, model) {
    const pieces: Json[] = []
    if (answer.reasoning === true) for (const text of piecesOf(REASONING)) pieces.push({ text, thought: true })
    for (const text of beginningOf(answer)) pieces.push({ text })
    pieces.push(...callParts(answer))
    const last =
      answer.reasoning === true && answer.calls === undefined ? { text: '', thoughtSignature: SIGNATURE } : { text: '' }
    return [...pieces.map((piece) => frame(chunkOf(model, [piece]))), frame(chunkOf(model, [last], finishOf(answer)))]
  },

  error({ status, type, code, param, message }) {
    const delay = /retry in (\d+)s/.exec(message)?.[1]
    const details = [
      ...(code === null ? [] : [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code, domain: 'googleapis.com' }]),
      ...(param === null
        ? []
        : [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: param, description: message }] }]),
      ...(delay === undefined ? [] : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${delay}s` }]),
    ]
    const name = type === 'invalid_request_error' ? 'INVALID_ARGUMENT' : type === 'not_found_error' ? 'NOT_FOUND' : type
    return { error: { code: status, message, status: name, ...(details.length === 0 ? {} : { details }) } }
  },
  errorFrame: () => frame({ error: { code: 503, message: 'The model broke down.', status: 'UNAVAILABLE' } }),
}

/** Contents of one side as one turn: the vendor's own SDK keeps the chunks of a stream as contents of their own. */
function turnsOf(contents: Json[]): Json[] {
  const turns: Json[] = []
  for (const content of contents) {
    const last = turns.at(-1)
    if (content.role === 'model' && last?.role === 'model') last.parts = [...last.parts, ...content.parts]
    else turns.push({ ...content })
  }
  return turns
}

interface Reading {
  readonly where: string
  /** Calls that this content has to answer. */
  readonly open: Json[]
  readonly parts: SeenPart[]
}

function readPart(part: Json, role: string, { where, open, parts }: Reading): void {
  demandOnly(part, ['text', 'thought', 'thoughtSignature', 'inlineData', 'fileData', 'functionCall', 'functionResponse'], where)
  const { thoughtSignature: signature } = part
  demand([undefined, SIGNATURE, STAND_IN].includes(signature), `${where}: Thought signature is not valid`)
  if (part.functionCall !== undefined) {
    const { id, name, args } = part.functionCall
    demand(role === 'model' && NAME.test(name) && typeof args === 'object', `${where}: function_call`)
    if (signature === SIGNATURE) parts.push({ kind: 'reasoning' })
    parts.push({ kind: 'call', id, name, arguments: args })
  } else if (part.functionResponse !== undefined) {
    const { id, name, response } = part.functionResponse
    const call = open.find((made) => made.id === id)
    demand(call?.name === name, `${where}: function_response ${name} of ${id} answers no call`)
    demand(typeof response === 'object' && !Array.isArray(response), `${where}: function_response.response`)
    parts.push({ kind: 'result', id, text: String(response.output ?? response.error ?? JSON.stringify(response)) })
  } else if (part.inlineData !== undefined) {
    parts.push({ kind: 'image', mediaType: part.inlineData.mimeType, data: part.inlineData.data })
  } else if (part.fileData !== undefined) parts.push({ kind: 'image', url: part.fileData.fileUri })
  else {
    demand(typeof part.text === 'string', `${where}: required oneof field 'data' must have one initialized field`)
    if (part.thought !== true && part.text !== '') said(part.text, role === 'model' ? 'assistant' : 'user', parts)
  }
}

/** A text that stands behind a text goes on with it: clients keep the pieces of a stream. */
function said(text: string, role: 'user' | 'assistant', parts: SeenPart[]): void {
  const last = parts.at(-1)
  if (role === 'assistant' && last?.kind === 'text' && last.role === role)
    parts[parts.length - 1] = { ...last, text: last.text + text }
  else parts.push({ kind: 'text', role, text })
}

/** The first call of each step since the user last said something has a signature. */
function demandSignatures(contents: Json[]): void {
  const answers = ({ parts }: Json): boolean => parts?.some((part: Json) => part.functionResponse !== undefined) === true
  const start = contents.findLastIndex((content) => content.role === 'user' && !answers(content))
  for (const content of contents.slice(start + 1)) {
    const call = content.parts?.find((part: Json) => part.functionCall !== undefined)
    demand(
      call === undefined || call.thoughtSignature !== undefined,
      'Function call is missing a thought_signature in functionCall parts.',
    )
  }
}

function readTools({ tools = [], toolConfig }: Json): { name: string; parameters: Json }[] {
  const declared = tools.flatMap((tool: Json) => tool.functionDeclarations ?? [])
  const names = declared.map(({ name }: Json) => name)
  const calling = toolConfig?.functionCallingConfig
  if (calling !== undefined) {
    demand(['AUTO', 'ANY', 'NONE', 'VALIDATED'].includes(calling.mode), `function_calling_config.mode: ${calling.mode}`)
    for (const name of calling.allowedFunctionNames ?? []) demand(names.includes(name), `no function is called ${name}`)
  }
  demand(new Set(names).size === names.length, 'Duplicate function declaration found')
  return declared.map((declaration: Json) => {
    demandOnly(declaration, ['name', 'description', 'parameters', 'parametersJsonSchema', 'behavior'], 'function_declarations')
    demand(NAME.test(declaration.name), `Invalid function name ${declaration.name}`)
    const { parametersJsonSchema: schema = declaration.parameters } = declaration
    demandKnown(schema)
    return { name: declaration.name, parameters: schema }
  })
}

/** Keywords that the vendor does not know are refused. */
function demandKnown(schema: Json): void {
  if (typeof schema !== 'object' || schema === null) return
  for (const key of Object.keys(schema)) demand(KEYWORDS.test(key), `Unknown name "${key}" in a schema`)
  for (const inner of Object.values(schema.properties ?? {})) demandKnown(inner)
  for (const inner of [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])]) demandKnown(inner)
}

function readSchema({ responseMimeType: type, responseJsonSchema: schema, responseSchema: dialect }: Json): Json {
  if (schema === undefined && dialect === undefined) return undefined
  demand(type === 'application/json', 'response_mime_type must be application/json with a schema')
  demand(schema === undefined || dialect === undefined, 'only one of response_schema and response_json_schema')
  if (schema !== undefined) demandKnown(schema)
  return schema ?? dialect
}

function readThinking(config: Json): boolean {
  if (config === undefined) return false
  demandOnly(config, ['thinkingBudget', 'thinkingLevel', 'includeThoughts'], 'thinking_config')
  demand(
    config.thinkingBudget === undefined || config.thinkingLevel === undefined,
    'You can only set one of thinking budget and level',
  )
  demand([undefined, 'LOW', 'MEDIUM', 'HIGH'].includes(config.thinkingLevel), `thinking_level: ${config.thinkingLevel}`)
  return config.includeThoughts === true
}

function partsOf(answer: Answer): Json[] {
  const { reasoning, text, calls } = answer
  const signature = reasoning === true && calls === undefined ? { thoughtSignature: SIGNATURE } : {}
  return [
    ...(reasoning === true ? [{ text: REASONING, thought: true }] : []),
    ...(text === undefined ? [] : [{ text, ...signature }]),
    ...callParts(answer),
  ]
}

/** The signature stands at the first of parallel calls. */
const callParts = ({ calls = [] }: Answer): Json[] =>
  calls.map(({ id, name, arguments: args }, index) => ({
    functionCall: { id, name, args },
    ...(index === 0 ? { thoughtSignature: SIGNATURE } : {}),
  }))

const finishOf = ({ finish }: Answer): string => (finish === 'length' ? 'MAX_TOKENS' : 'STOP')

function chunkOf(model: string, parts: Json[], finishReason?: string): Json {
  const end = finishReason === undefined ? {} : { finishReason }
  return {
    candidates: [{ content: { parts, role: 'model' }, ...end, index: 0 }],
    usageMetadata: USAGE,
    modelVersion: model,
    responseId: 'scripted-answer',
  }
}

const frame = (payload: Json): string => `data: ${JSON.stringify(payload)}\r\n\r\n`
