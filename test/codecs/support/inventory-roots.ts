import type { WireFormat } from '../../../src/ir/wire-format.ts'
import { probeAnswer, probeRequest, probeStream, type Probe } from './probe.ts'
import type { Bases, Samples } from './sdk-types.ts'

export interface Root {
  readonly name: string
  readonly samples: Samples
  readonly bases?: Bases
  readonly probe: (pair: readonly [unknown, unknown]) => Probe
}

type Json = Record<string, unknown>

const asked = { role: 'user', content: 'hi' }

/** A body with what every call needs, unless it has it. */
const completed =
  (needs: Json) =>
  (body: unknown): Json => ({ ...needs, ...(body as Json) })

function request(name: string, format: WireFormat, needs: Json, samples: Samples = {}): Root {
  const complete = completed(needs)
  return { name, samples, probe: ([first, second]) => probeRequest(format, [complete(first), complete(second)]) }
}

function answer(name: string, format: WireFormat, needs: Json, samples: Samples = {}): Root {
  const complete = completed(needs)
  return { name, samples, probe: ([first, second]) => probeAnswer(format, [complete(first), complete(second)]) }
}

const MEDIA: Samples = { media_type: 'image/png', file_data: 'data:application/pdf;base64,JVBERi0x', arguments: '{"q":1}' }

const anthropicStart = (content: Json): Json => ({ type: 'content_block_start', index: 0, content_block: content })
const anthropicMessage: Json = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 0 },
}
const anthropicEnd: readonly Json[] = [
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
]

/** The block in which each delta of Messages may stand. */
const ANTHROPIC_BLOCKS: Readonly<Record<string, Json>> = {
  text_delta: { type: 'text', text: '' },
  citations_delta: { type: 'text', text: '' },
  thinking_delta: { type: 'thinking', thinking: '', signature: '' },
  signature_delta: { type: 'thinking', thinking: '', signature: '' },
  input_json_delta: { type: 'tool_use', id: 't', name: 'f', input: {} },
  compaction_delta: { type: 'compaction', content: null },
}

function anthropicFrames(event: Json): Json[] {
  const start = { type: 'message_start', message: anthropicMessage }
  const deltaType = String((event['delta'] as Json | undefined)?.['type'])
  if (event['type'] === 'message_start') return [event, ...anthropicEnd.slice(1)]
  if (event['type'] === 'content_block_start') return [start, event, ...anthropicEnd]
  if (event['type'] === 'content_block_delta')
    return [start, anthropicStart(ANTHROPIC_BLOCKS[deltaType] ?? { type: 'text', text: '' }), event, ...anthropicEnd]
  if (event['type'] === 'message_delta') return [start, event, anthropicEnd[2]!]
  return [start, anthropicStart({ type: 'text', text: '' }), event, ...anthropicEnd.slice(1)]
}

/** The item that an event of Responses belongs to, by how its type begins. */
const RESPONSES_ITEMS: readonly (readonly [RegExp, Json])[] = [
  [/output_text|refusal|content_part/, { type: 'message', role: 'assistant', status: 'in_progress', content: [] }],
  [/reasoning/, { type: 'reasoning', summary: [] }],
  [/function_call_arguments/, { type: 'function_call', call_id: 'c', name: 'f', arguments: '' }],
  [/custom_tool_call_input/, { type: 'custom_tool_call', call_id: 'c', name: 'f', input: '' }],
  [/mcp_call/, { type: 'mcp_call', server_label: 's', name: 'f', arguments: '' }],
  [/code_interpreter/, { type: 'code_interpreter_call', status: 'in_progress', code: '' }],
]

function responsesFrames(event: Json): Json[] {
  const type = String(event['type'])
  const response = { id: 'resp_1', object: 'response', status: 'in_progress', model: 'm', created_at: 1, output: [] }
  const end = { type: 'response.completed', response: { ...response, status: 'completed' } }
  if (/^response\.(created|in_progress|queued)$/.test(type)) return [event, end]
  // What the closing snapshot repeats was told by the first one.
  if (/^response\.(completed|failed|incomplete)$/.test(type))
    return [{ type: 'response.created', response: event['response'] }, event]
  const item = RESPONSES_ITEMS.find(([pattern]) => pattern.test(type))?.[1] ?? {
    type: 'web_search_call',
    status: 'in_progress',
    action: {},
  }
  const added = { type: 'response.output_item.added', output_index: 0, item: { id: 'item_1', ...item } }
  const part = { type: 'response.content_part.added', item_id: 'item_1', output_index: 0, content_index: 0, part: partOf(type) }
  const before = type.includes('output_item') ? [] : /output_text|refusal/.test(type) ? [added, part] : [added]
  return [{ type: 'response.created', response }, ...before, event, ...closing(event), end]
}

/** What was announced follows whole. */
function closing(event: Json): Json[] {
  if (event['type'] === 'response.output_item.added') return [{ ...event, type: 'response.output_item.done' }]
  return event['type'] === 'response.content_part.added' ? [{ ...event, type: 'response.content_part.done' }] : []
}

const partOf = (type: string): Json =>
  type.includes('refusal') ? { type: 'refusal', refusal: '' } : { type: 'output_text', text: '', annotations: [] }

function stream(name: string, format: WireFormat, frames: (event: Json) => readonly unknown[], samples: Samples): Root {
  return { name, samples, probe: ([first, second]) => probeStream(format, [frames(first as Json), frames(second as Json)]) }
}

const GEMINI: Samples = {
  role: 'user',
  mimeType: 'image/png',
  data: 'iVBORw0KGgo=',
  fileUri: 'https://img.example/a',
  index: 1,
  name: 'f',
  jsonPath: '$.q',
  createTime: '2026-01-01T00:00:00Z',
  propertyOrdering: ['second', 'first'],
  stringValue: 'said',
}
/** A body of Gemini behind a turn that calls what a result may answer. */
function afterCall(body: unknown): Json {
  const { contents, ...rest } = body as { contents?: Json[] }
  const call = { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] }
  const asks = { role: 'user', parts: [{ text: 'hi' }] }
  const answers = JSON.stringify(contents ?? null).includes('"functionResponse"')
  return { ...rest, contents: answers ? [asks, call, ...(contents ?? [])] : (contents ?? [asks]) }
}

/** A chunk of Gemini, and what ends the answer unless it does so itself. */
function ended(chunk: Json): Json[] {
  const [first] = (chunk['candidates'] ?? []) as Json[]
  const isEnd = first?.['finishReason'] !== undefined && (first['index'] ?? 0) === 0
  return isEnd ? [chunk] : [chunk, { candidates: [geminiCandidate] }]
}

const GEMINI_BASES: Bases = {
  FunctionDeclaration: { name: 'f' },
  FunctionCall: { name: 'f' },
  FunctionResponse: { name: 'f' },
  FunctionResponseBlob: { mimeType: 'image/png', data: 'iVBORw0KGgo=' },
  FunctionResponseFileData: { fileUri: 'https://img.example/a' },
  Blob_2: { mimeType: 'image/png', data: 'iVBORw0KGgo=' },
  FileData: { fileUri: 'https://img.example/a' },
  Candidate: { content: { role: 'model', parts: [{ text: 'hello' }] }, finishReason: 'STOP' },
  GenerateContentResponseUsageMetadata: { promptTokenCount: 9, candidatesTokenCount: 9, totalTokenCount: 18 },
  ModalityTokenCount: { modality: 'TEXT', tokenCount: 9 },
  LogprobsResult: { chosenCandidates: [{ token: 'hi', logProbability: -0.5 }] },
  LogprobsResultCandidate: { token: 'hi', logProbability: -0.5 },
  PartialArg: { jsonPath: '$.q', stringValue: 'said' },
  'FunctionCall.willContinue': { partialArgs: [{ jsonPath: '$.q', stringValue: 'said' }] },
  'Schema.propertyOrdering': { properties: { first: { type: 'STRING' }, second: { type: 'STRING' } } },
  'PartialArg.boolValue': { stringValue: undefined },
  'PartialArg.numberValue': { stringValue: undefined },
  'PartialArg.nullValue': { stringValue: undefined },
  'Part.thought': { text: 'hm' },
  'Part.videoMetadata': { fileData: { fileUri: 'https://film.example/a', mimeType: 'video/mp4' } },
  'GenerationConfig.responseSchema': { responseMimeType: 'application/json' },
  'GenerationConfig.responseJsonSchema': { responseMimeType: 'application/json' },
}
const geminiCandidate: Json = { content: { role: 'model', parts: [{ text: 'hi' }] }, finishReason: 'STOP', index: 0 }

export const ROOTS: readonly Root[] = [
  request('openai-request', 'openai', { model: 'm', messages: [asked] }, { ...MEDIA, url: 'https://a.example/b' }),
  answer('openai-answer', 'openai', {}),
  stream('openai-stream', 'openai', (chunk) => [chunk, '[DONE]'], { index: 0 }),
  request(
    'responses-request',
    'responses',
    { model: 'm', input: [{ type: 'message', role: 'user', content: 'hi' }] },
    { ...MEDIA, call_id: 'call_1', image_url: 'https://a.example/b' },
  ),
  answer('responses-answer', 'responses', { status: 'incomplete' }),
  stream('responses-stream', 'responses', responsesFrames, {
    output_index: 0,
    content_index: 0,
    summary_index: 0,
    item_id: 'item_1',
  }),
  request('anthropic-request', 'anthropic', { model: 'm', max_tokens: 50_000, messages: [asked] }, MEDIA),
  request('anthropic-beta-request', 'anthropic', { model: 'm', max_tokens: 50_000, messages: [asked] }, MEDIA),
  answer('anthropic-answer', 'anthropic', {}),
  stream('anthropic-stream', 'anthropic', anthropicFrames, { index: 0 }),
  {
    name: 'gemini-request',
    samples: GEMINI,
    bases: GEMINI_BASES,
    probe: ([first, second]) => probeRequest('gemini', [afterCall(first), afterCall(second)]),
  },
  { ...answer('gemini-answer', 'gemini', { candidates: [geminiCandidate] }, GEMINI), bases: GEMINI_BASES },
  {
    ...stream('gemini-stream', 'gemini', ended, GEMINI),
    bases: GEMINI_BASES,
  },
]
