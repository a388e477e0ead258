import type { ContentPart } from '../../ir/content.ts'
import type { Message } from '../../ir/request.ts'
import { invalid, requireObject } from '../wire-values.ts'
import { CallIds } from './call-ids.ts'
import { keepExtra } from '../extra-fields.ts'
import { FieldReader, listOf } from './fields.ts'
import { joinedParts, withSummaries } from './joined-parts.ts'
import { decodeParts } from './parts-decoder.ts'

/** `systemInstruction`: one leading message. Its role, which clients fill with anything, says nothing. */
export function decodeSystemInstruction(value: unknown, path: string): Message | undefined {
  if (value === undefined) return undefined
  const fields = new FieldReader(requireObject(value, path), path)
  fields.any('role')
  const content = decodeParts(fields.any('parts'), fields.pathOf('parts'), new CallIds())
  return keepExtra<Message>({ role: 'system', instructions: true, content, path }, fields.extra())
}

/** The turns. A turn of the user that answers calls becomes `tool` and `user` messages of the same path, in its own order. */
export function decodeContents(value: unknown, path: string): Message[] {
  if (value === undefined) return invalid(path, 'is required')
  const ids = new CallIds()
  const messages: Message[] = []
  for (const [index, content] of listOf(value).entries()) decodeContent(content, `${path}/${index}`, ids, messages)
  for (const message of messages) if (message.role === 'assistant') message.content = withSummaries(message.content)
  return messages
}

function decodeContent(value: unknown, path: string, ids: CallIds, into: Message[]): void {
  const fields = new FieldReader(requireObject(value, path), path)
  const role = fields.any('role') ?? 'user'
  // The role that results had in the first version of the API.
  if (role !== 'user' && role !== 'model' && role !== 'function')
    return invalid(fields.pathOf('role'), "must be 'user' or 'model'")
  const content = decodeParts(fields.any('parts'), fields.pathOf('parts'), ids)
  const extra = fields.extra()
  if (role === 'model') {
    addModelTurn(keepExtra<Message>({ role: 'assistant', content, path }, extra), into)
    return
  }
  const message = keepExtra<Message>({ role: 'user', content, path }, extra)
  if (content.some((part) => part.type === 'tool-result')) splitResults(message, into)
  else into.push(message)
}

/** A turn of the model, together with the one before: clients that stream keep each chunk of an answer as a turn of its own. */
function addModelTurn(turn: Message, into: Message[]): void {
  const last = into.at(-1)
  if (last?.role === 'assistant' && last.extra === undefined && turn.extra === undefined)
    last.content = joinedParts([...last.content, ...turn.content])
  else into.push({ ...turn, content: joinedParts(turn.content) })
}

function splitResults(turn: Message, into: Message[]): void {
  let current: Message | undefined
  let run: ContentPart[] = []
  for (const part of turn.content) {
    const role = part.type === 'tool-result' ? 'tool' : 'user'
    if (current?.role !== role) {
      run = []
      const message: Message = { role, content: run, path: turn.path }
      // Extras of the turn stay with its first message.
      if (current === undefined && turn.extra !== undefined) message.extra = turn.extra
      current = message
      into.push(message)
    }
    run.push(part)
  }
}
