import type { JsonObject } from '../../ir/json.ts'
import type { Message } from '../../ir/request.ts'
import { answersFollowCalls, distinctCallIds, repairToolHistory } from '../history.ts'
import { mergeExtra } from '../extra-fields.ts'
import { withExtra, type EncodeContext, type Place } from './encode-context.ts'
import { encodePart } from './parts-encoder.ts'

interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: JsonObject[]
  readonly path: string | undefined
  extra: JsonObject | undefined
}

export interface EncodedMessages {
  readonly system: JsonObject[] | undefined
  readonly messages: JsonObject[]
}

export function encodeMessages(context: EncodeContext): EncodedMessages {
  const { request, report, points } = context
  const instructions: Message[] = []
  const conversation: Message[] = []
  for (const message of request.messages) {
    const isInstruction = message.instructions === true || (isSystem(message) && conversation.length === 0)
    ;(isInstruction ? instructions : conversation).push(message)
  }
  const repaired = answersFollowCalls(conversation) ? conversation : repairToolHistory(conversation, report)
  const ordered = distinctCallIds(repaired, report)
  const system: Turn = { role: 'user', content: [], path: undefined, extra: undefined }
  for (const message of instructions) {
    reportDeveloper(message, context)
    appendParts(message, 'system', system, context)
  }
  points.startConversation()
  const turns: Turn[] = []
  for (const message of ordered) appendMessage(message, turns, context)
  fixEnds(turns, context)
  return { system: system.content.length === 0 ? undefined : system.content, messages: turns.map(writeTurn) }
}

const isSystem = ({ role }: Message): boolean => role === 'system' || role === 'developer'

function reportDeveloper(message: Message, context: EncodeContext): void {
  if (message.role === 'developer')
    context.report.rewritten('role.developer', message.path, 'developer instructions are sent as system instructions')
}

/** The turns of both sides take turns: neighbours of one side become one. */
function appendMessage(message: Message, turns: Turn[], context: EncodeContext): void {
  if (isSystem(message)) {
    reportDeveloper(message, context)
    context.report.rewritten(
      'role.system_mid_conversation',
      message.path,
      'instructions in the middle of the conversation are sent as user text',
    )
  }
  const role = message.role === 'assistant' ? 'assistant' : 'user'
  const last = turns.at(-1)
  const joined = last?.role === role ? last : undefined
  if (joined !== undefined && joined.path !== message.path)
    context.report.rewritten('message.adjacent_same_role', message.path, 'two turns of one side became one')
  const turn: Turn = joined ?? { role, content: [], path: message.path, extra: undefined }
  appendParts(message, role, turn, context)
  if (joined === undefined && turn.content.length > 0) turns.push(turn)
}

function appendParts(message: Message, place: Place, turn: Turn, context: EncodeContext): void {
  reportMessageFields(message, context)
  if (message.extra?.format === 'bedrock_converse') turn.extra = { ...turn.extra, ...message.extra.fields }
  else withExtra({}, message, context.report)
  for (const part of message.content) {
    const block = encodePart(part, place, context)
    if (block !== undefined) turn.content.push(block)
    else if (part.type === 'text') reportEmptyText(part.text, part.path, message, context)
    if (part.cache !== undefined && part.type !== 'reasoning') context.points.add(turn.content, part.cache, part.path)
  }
}

/** The empty string beside tool calls is how Chat clients write "no text": nothing is lost with it. */
function reportEmptyText(text: string, path: string | undefined, message: Message, context: EncodeContext): void {
  const stoodBesideCalls =
    text === '' && message.role === 'assistant' && message.content.some((part) => part.type === 'tool-call')
  if (!stoodBesideCalls) context.report.rewritten('message.empty_text', path, 'a text without visible characters was left out')
}

function reportMessageFields(message: Message, { report }: EncodeContext): void {
  if (message.id !== undefined) report.lost('message.id', message.path, 'the format has no message ids')
  if (message.name !== undefined) report.lost('message.name', message.path, 'the format has no names of speakers')
  if (message.phase !== undefined) report.lost('message.phase', message.path, 'the format has no phases')
  if (message.status !== undefined) report.lost('message.status', message.path, 'the format has no message status')
}

/** The first turn must be the user's, and a started answer must not end in white space. */
function fixEnds(turns: Turn[], context: EncodeContext): void {
  const last = turns.at(-1)
  const block = last?.content.at(-1)
  if (last?.role === 'assistant' && typeof block?.['text'] === 'string') {
    const trimmed = block['text'].trimEnd()
    if (trimmed !== block['text']) {
      context.report.rewritten('message.assistant_prefill', last.path, 'trailing white space of the started answer was removed')
      block['text'] = trimmed
    }
  }
  if (turns[0]?.role === 'user') return
  context.report.rewritten(
    'message.first_not_user',
    turns[0]?.path,
    'the conversation has to start with a user turn, so one was put first',
  )
  turns.unshift({ role: 'user', content: [{ text: 'Continue.' }], path: undefined, extra: undefined })
}

function writeTurn({ role, content, extra }: Turn): JsonObject {
  const written: JsonObject = { role, content }
  return extra === undefined ? written : mergeExtra(written, extra)
}
