import { isObject } from '../../../src/ir/json.ts'
import type { WireFormat } from '../../../src/ir/wire-format.ts'
import { bedrock } from './validity-bedrock.ts'
import { gemini } from './validity-gemini.ts'
import { duplicates, list, NAME, type Json } from './validity-parts.ts'

/** What the vendor of a format would answer 400 to, as far as it is documented or was seen. Empty for a valid body. */
export function refusals(body: Json, format: WireFormat): string[] {
  return CHECKS[format](body)
}

const CHECKS: Readonly<Record<WireFormat, (body: Json) => string[]>> = {
  openai,
  anthropic,
  responses,
  gemini,
  bedrock_converse: bedrock,
}

function openai(body: Json): string[] {
  const problems: string[] = []
  const messages = list(body['messages'])
  if (messages.length === 0) problems.push('there is no message')
  let open: string[] = []
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`
    const role = message['role']
    if (role === 'tool') {
      const place = open.indexOf(String(message['tool_call_id']))
      if (place < 0) problems.push(`${at} answers no open call`)
      else open.splice(place, 1)
    } else {
      if (open.length > 0) problems.push(`${at} stands before the results of ${open.join()}`)
      open = []
    }
    problems.push(...openaiContent(message, at))
    const calls = list(message['tool_calls'])
    if (message['tool_calls'] !== undefined && calls.length === 0) problems.push(`${at} has an empty list of calls`)
    for (const call of calls) problems.push(...openaiCall(call, at))
    const ids = calls.map((call) => String(call['id']))
    if (duplicates(ids)) problems.push(`${at} uses an id twice`)
    open.push(...ids)
  }
  if (open.length > 0) problems.push(`${open.join()} got no result`)
  problems.push(...toolsOf(body, (tool) => (isObject(tool['function']) ? tool['function'] : tool['custom'])))
  return problems
}

function openaiContent(message: Json, at: string): string[] {
  const { role, content } = message
  if (!['system', 'developer', 'user', 'assistant', 'tool'].includes(String(role))) return [`${at} has role ${String(role)}`]
  if (content === null || content === undefined) {
    const isSilent = message['tool_calls'] !== undefined || message['refusal'] !== undefined || message['audio'] !== undefined
    return role === 'assistant' && isSilent ? [] : [`${at} has no content`]
  }
  if (typeof content === 'string') return []
  if (list(content).length === 0) return [`${at} has an empty list of parts`]
  const textOnly = role !== 'user'
  const misplaced = list(content).filter((part) => textOnly && part['type'] !== 'text' && part['type'] !== 'refusal')
  return misplaced.map((part) => `${at} holds ${String(part['type'])}`)
}

function openaiCall(call: Json, at: string): string[] {
  const id = String(call['id'])
  const inner = isObject(call['function']) ? call['function'] : call['custom']
  const problems = id.length >= 1 && id.length <= 64 ? [] : [`${at} has a call id of ${id.length} characters`]
  if (!isObject(inner) || !NAME.test(String(inner['name']))) problems.push(`${at} calls a tool of an impossible name`)
  else if (typeof (inner['arguments'] ?? inner['input']) !== 'string') problems.push(`${at} has arguments that are no text`)
  return problems
}

/** Names are valid and single, and nothing is chosen that was not offered. */
function toolsOf(body: Json, definitionOf: (tool: Json) => unknown): string[] {
  const tools = list(body['tools'])
  const problems = body['tools'] !== undefined && tools.length === 0 ? ['the list of tools is empty'] : []
  if (tools.length === 0 && body['tool_choice'] !== undefined) problems.push('a tool is chosen where there is none')
  const names = tools.flatMap((tool) => {
    const definition = definitionOf(tool)
    return isObject(definition) && typeof definition['name'] === 'string' ? [definition['name']] : []
  })
  if (duplicates(names)) problems.push('two tools have one name')
  for (const name of names) if (!/^[A-Za-z0-9_-]{1,128}$/.test(name)) problems.push(`a tool is called ${JSON.stringify(name)}`)
  return problems
}

function anthropic(body: Json): string[] {
  const problems: string[] = []
  const messages = list(body['messages'])
  if (messages.length === 0) problems.push('there is no message')
  if (typeof body['max_tokens'] !== 'number' || body['max_tokens'] < 1) problems.push('there is no output limit')
  if (messages.find((message) => message['role'] !== 'system')?.['role'] !== 'user')
    problems.push('the first turn is not the user')
  const all: string[] = []
  let open: string[] = []
  let previous: unknown
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`
    if (message['role'] === previous && previous !== 'system') problems.push(`${at} is a second turn of the same role`)
    previous = message['role']
    const blocks = anthropicBlocks(message['content'], at, problems)
    problems.push(...answered(blocks, open, at))
    open = blocks.filter((block) => block['type'] === 'tool_use').map((block) => String(block['id']))
    if (open.some((id) => all.includes(id)) || duplicates(open)) problems.push(`${at} uses an id twice`)
    all.push(...open)
    for (const id of open) if (!/^[a-zA-Z0-9_-]+$/.test(id)) problems.push(`${at} has a call with id ${JSON.stringify(id)}`)
    if (open.length > 0 && message['role'] !== 'assistant') problems.push(`${at} lets the user call tools`)
    for (const block of blocks)
      if (block['type'] === 'tool_use' && !isObject(block['input'])) problems.push(`${at} has input that is no object`)
  }
  if (open.length > 0) problems.push(`${open.join()} got no result`)
  const last = messages.at(-1)
  const lastText = anthropicBlocks(last?.['content'], 'the last turn', []).at(-1)?.['text']
  if (last?.['role'] === 'assistant' && typeof lastText === 'string' && lastText !== lastText.trimEnd())
    problems.push('the started answer ends in white space')
  problems.push(...toolsOf(body, (tool) => tool), ...anthropicRules(body))
  return problems
}

/** The results of the calls that are open stand first, each once, and no others. */
function answered(blocks: readonly Json[], open: readonly string[], at: string): string[] {
  const results = blocks.filter((block) => block['type'] === 'tool_result')
  const ids = results.map((block) => String(block['tool_use_id']))
  const problems: string[] = []
  if (duplicates(ids)) problems.push(`${at} answers a call twice`)
  for (const id of ids) if (!open.includes(id)) problems.push(`${at} answers ${JSON.stringify(id)}, which is not open`)
  for (const id of open) if (!ids.includes(id)) problems.push(`${at} does not answer ${JSON.stringify(id)}`)
  if (blocks.slice(0, results.length).some((block) => block['type'] !== 'tool_result'))
    problems.push(`${at} has results behind other content`)
  return problems
}

function anthropicBlocks(content: unknown, at: string, problems: string[]): Json[] {
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : list(content)
  if (blocks.length === 0) problems.push(`${at} is empty`)
  for (const block of blocks) {
    if (block['type'] === 'text' && String(block['text']).trim() === '')
      problems.push(`${at} has a text without visible characters`)
    if (block['type'] === 'tool_result' && Array.isArray(block['content']))
      anthropicBlocks(block['content'], `a result of ${at}`, problems)
  }
  return blocks
}

function anthropicRules(body: Json): string[] {
  const problems: string[] = []
  const { thinking, tool_choice: choice, context_management: context } = body
  if (context !== undefined && !isObject(context)) problems.push('context_management is no object')
  const markers = JSON.stringify(body).match(/"cache_control":\{/g)?.length ?? 0
  if (markers > 4) problems.push(`there are ${markers} cache markers`)
  const isThinking = isObject(thinking) && thinking['type'] !== 'disabled'
  if (isThinking && isObject(choice) && (choice['type'] === 'any' || choice['type'] === 'tool'))
    problems.push('a call is forced while thinking')
  if (isObject(thinking) && thinking['type'] === 'enabled') {
    const budget = Number(thinking['budget_tokens'])
    if (!(budget >= 1024 && budget < Number(body['max_tokens']))) problems.push(`a budget of ${budget} does not fit`)
  }
  const chosen = isObject(choice) && choice['type'] === 'tool' ? choice['name'] : undefined
  if (chosen !== undefined && !list(body['tools']).some((tool) => tool['name'] === chosen))
    problems.push('the chosen tool is not offered')
  return problems
}

function responses(body: Json): string[] {
  const problems: string[] = []
  const items = list(body['input'])
  if (typeof body['input'] !== 'string' && items.length === 0) problems.push('there is no input')
  const called = new Set<string>()
  const outputs = new Set<string>()
  for (const [index, item] of items.entries()) {
    const at = `input[${index}]`
    const type = typeof item['type'] === 'string' ? item['type'] : 'message'
    const id = String(item['call_id'])
    if (type.endsWith('_call') || type.endsWith('_call_output')) {
      if (id.length < 1 || id.length > 64) problems.push(`${at} has a call id of ${id.length} characters`)
    }
    if (type === 'function_call' || type === 'custom_tool_call') {
      if (called.has(id)) problems.push(`${at} uses an id twice`)
      called.add(id)
      if (!/^[A-Za-z0-9_-]{1,128}$/.test(String(item['name']))) problems.push(`${at} calls a tool of an impossible name`)
    } else if (type === 'function_call_output' || type === 'custom_tool_call_output') {
      if (!called.has(id)) problems.push(`${at} answers no call`)
      if (outputs.has(id)) problems.push(`${at} answers a call twice`)
      outputs.add(id)
    } else if (type === 'message') {
      problems.push(...responsesMessage(item, at))
    }
  }
  for (const id of called) if (!outputs.has(id)) problems.push(`${JSON.stringify(id)} got no output`)
  problems.push(...toolsOf(body, (tool) => tool))
  return problems
}

function responsesMessage(item: Json, at: string): string[] {
  const role = String(item['role'])
  if (!['system', 'developer', 'user', 'assistant'].includes(role)) return [`${at} has role ${role}`]
  const { content } = item
  if (typeof content === 'string') return []
  const allowed = role === 'assistant' ? ['output_text', 'refusal'] : ['input_text', 'input_image', 'input_file', 'input_audio']
  const misplaced = list(content).filter((part) => !allowed.includes(String(part['type'])))
  const problems = misplaced.map((part) => `${at} holds ${String(part['type'])}`)
  // Items of the model have an id; without one only text in a string is taken.
  if (role === 'assistant' && item['id'] === undefined && list(content).some((part) => part['type'] === 'input_text'))
    problems.push(`${at} is an answer made of input`)
  return problems
}
