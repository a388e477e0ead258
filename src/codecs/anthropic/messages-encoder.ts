import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Message } from '../../ir/request.ts'
import { answersFollowCalls, distinctCallIds, repairToolHistory } from '../history.ts'
import { mergeExtra } from '../extra-fields.ts'
import { withExtra, type EncodeContext, type Place } from './encode-context.ts'
import { isBareText } from './tool-parts-encoder.ts'

/** Beta with which other clients than Anthropic's own send system turns in the middle of a conversation. */
const SYSTEM_TURNS_BETA = 'mid-conversation-system-2026-04-07'

interface Turn {
  readonly role: 'user' | 'assistant' | 'system'
  content: JsonObject[]
  /** The only content is one text that was written as a string. */
  bare: boolean
  extra: JsonObject | undefined
  path: string | undefined
}

export interface EncodedMessages {
  readonly system: string | JsonObject[] | undefined
  readonly messages: JsonObject[]
}

export function encodeMessages(context: EncodeContext): EncodedMessages {
  const keepsSystemTurns = takesSystemTurns(context)
  const instructions: Message[] = []
  const conversation: Message[] = []
  for (const message of context.request.messages) {
    const isInstruction = message.instructions === true || (!keepsSystemTurns && isSystem(message) && conversation.length === 0)
    ;(isInstruction ? instructions : conversation).push(message)
  }
  const repaired = answersFollowCalls(conversation) ? conversation : repairToolHistory(conversation, context.report)
  const ordered = distinctCallIds(repaired, context.report)
  const system = encodeSystem(instructions, context)
  context.markers.startConversation()
  const turns: Turn[] = []
  for (const message of ordered) appendMessage(message, keepsSystemTurns, turns, context)
  fixEnds(turns, context)
  return { system, messages: turns.map(writeTurn) }
}

function takesSystemTurns(context: EncodeContext): boolean {
  if (!context.isFirstParty) return false
  const betas = context.request.vendor?.betas
  return context.isNative || (Array.isArray(betas) && betas.includes(SYSTEM_TURNS_BETA))
}

function isSystem(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer'
}

/** All leading instructions, in order, as the `system` field. */
function encodeSystem(messages: Message[], context: EncodeContext): string | JsonObject[] | undefined {
  const turn: Turn = { role: 'system', content: [], bare: false, extra: undefined, path: undefined }
  for (const message of messages) {
    if (message.role === 'developer')
      context.report.rewritten('role.developer', message.path, 'developer instructions are sent as system instructions')
    appendParts(message, 'system', turn, context)
  }
  if (turn.content.length === 0) return undefined
  return turn.bare && isPlainText(turn.content) ? String(turn.content[0]?.['text']) : turn.content
}

function appendMessage(message: Message, keepsSystemTurns: boolean, turns: Turn[], context: EncodeContext): void {
  const role = wireRole(message, keepsSystemTurns, context)
  const last = turns.at(-1)
  // System turns are settings for what follows them and stay apart.
  const joined = last?.role === role && role !== 'system' ? last : undefined
  const turn: Turn = joined ?? { role, content: [], bare: false, extra: undefined, path: message.path }
  appendParts(message, role, turn, context)
  if (joined === undefined && (turn.content.length > 0 || (role === 'system' && turn.extra !== undefined))) turns.push(turn)
}

function wireRole(message: Message, keepsSystemTurns: boolean, context: EncodeContext): Turn['role'] {
  if (message.role === 'assistant') return 'assistant'
  if (!isSystem(message)) return 'user'
  if (message.role === 'developer')
    context.report.rewritten('role.developer', message.path, 'developer instructions are sent as system instructions')
  if (keepsSystemTurns) return 'system'
  context.report.rewritten(
    'role.system_mid_conversation',
    message.path,
    'instructions in the middle of the conversation are sent as user text',
  )
  return 'user'
}

function appendParts(message: Message, place: Place, turn: Turn, context: EncodeContext): void {
  reportMessageFields(message, context)
  if (message.extra?.format === 'anthropic')
    turn.extra = turn.extra === undefined ? message.extra.fields : { ...turn.extra, ...message.extra.fields }
  else withExtra({}, message, context.report)
  const before = turn.content.length
  for (const part of message.content) {
    const block = context.encodePart(part, place, context)
    if (block !== undefined) turn.content.push(block)
    else if (part.type === 'text') reportEmptyText(part.text, part.path, message, context)
  }
  const [only] = message.content
  turn.bare = before === 0 && turn.content.length === 1 && message.content.length === 1 && only !== undefined && isBareText(only)
}

/** The empty string beside tool calls is how Chat clients write "no text": nothing is lost with it. */
function reportEmptyText(text: string, path: string | undefined, message: Message, context: EncodeContext): void {
  const stoodBesideCalls =
    text === '' && message.role === 'assistant' && message.content.some((part) => part.type === 'tool-call')
  if (!stoodBesideCalls) context.report.rewritten('message.empty_text', path, 'a text without visible characters was left out')
}

function reportMessageFields(message: Message, context: EncodeContext): void {
  const { report } = context
  if (message.id !== undefined) report.lost('message.id', message.path, 'the format has no message ids')
  if (message.name !== undefined) report.lost('message.name', message.path, 'the format has no names of speakers')
  if (message.phase !== undefined) report.lost('message.phase', message.path, 'the format has no phases')
  if (message.status !== undefined) report.lost('message.status', message.path, 'the format has no message status')
}

/** The first turn must be the user's, and a started answer must not end in white space. */
function fixEnds(turns: Turn[], context: EncodeContext): void {
  trimPrefill(turns, context)
  const first = context.isNative ? turns.find((turn) => turn.role !== 'system') : turns[0]
  if (first?.role === 'user') return
  context.report.rewritten(
    'message.first_not_user',
    first?.path,
    'the conversation has to start with a user turn, so one was put first',
  )
  turns.unshift({ role: 'user', content: [{ type: 'text', text: 'Continue.' }], bare: false, extra: undefined, path: undefined })
}

function trimPrefill(turns: Turn[], context: EncodeContext): void {
  const last = turns.at(-1)
  const block = last?.content.at(-1)
  if (last?.role !== 'assistant' || block?.['type'] !== 'text' || typeof block['text'] !== 'string') return
  const trimmed = block['text'].trimEnd()
  if (trimmed === block['text']) return
  context.report.rewritten('message.assistant_prefill', last.path, 'trailing white space of the started answer was removed')
  block['text'] = trimmed
}

function writeTurn(turn: Turn): JsonObject {
  const isBare = turn.bare && isPlainText(turn.content)
  const written: JsonObject = { role: turn.role }
  // A system turn may consist of settings only.
  if (turn.content.length > 0) written['content'] = isBare ? turn.content[0]?.['text'] : turn.content
  return turn.extra === undefined ? written : mergeExtra(written, turn.extra)
}

function isPlainText(content: JsonObject[]): boolean {
  const [only] = content
  return content.length === 1 && only?.['type'] === 'text' && Object.keys(only).length === 2
}

/**
 * True when the tool calls being answered were made without thinking before: with a thinking budget the API refuses such a
 * history. A client of this format whose calls bear Anthropic's ids got them there and knows what it does.
 */
export function continuesWithoutThinking(messages: JsonObject[], context: EncodeContext): boolean {
  const last = messages.at(-1)
  if (last === undefined || blocksOf(last, 'tool_result').length === 0) return false
  const answer = messages.findLast((message) => message['role'] === 'assistant')
  const first: unknown = Array.isArray(answer?.['content']) ? answer['content'][0] : undefined
  if (answer === undefined || !isObject(first) || first['type'] === 'thinking' || first['type'] === 'redacted_thinking')
    return false
  return !context.isNative || blocksOf(answer, 'tool_use').some((call) => !String(call['id']).startsWith('toolu_'))
}

function blocksOf(message: JsonObject, type: string): JsonObject[] {
  return Array.isArray(message['content']) ? message['content'].filter(isObject).filter((block) => block['type'] === type) : []
}
