import type { ContentPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { Message } from '../../ir/request.ts'
import { withCallSignatures } from '../call-signatures.ts'
import { decodeContent } from './parts-decoder.ts'
import { addExtra, invalid, requireObject } from './reader.ts'

/** The `system` field: one leading message that holds all its blocks, so that markers and order survive. */
export function decodeSystem(system: unknown): Message | undefined {
  if (system === undefined || system === null) return undefined
  return { role: 'system', instructions: true, path: '/system', content: decodeContent(system, '/system') }
}

/** The turns. A user turn that answers tool calls becomes `tool` and `user` messages of the same path, in its own order. */
export function decodeMessages(messages: unknown): Message[] {
  if (!Array.isArray(messages)) return invalid('/messages', 'must be an array')
  const decoded: Message[] = []
  for (const [index, value] of messages.entries()) {
    const path = `/messages/${index}`
    decodeMessage(requireObject(value, path), path, decoded)
  }
  return decoded
}

function decodeMessage(value: JsonObject, path: string, into: Message[]): void {
  const role = value['role']
  if (role !== 'user' && role !== 'assistant' && role !== 'system')
    return invalid(`${path}/role`, "must be one of 'user', 'assistant' or 'system'")
  // A system turn may hold settings only, without any content.
  const isBare = role === 'system' && (value['content'] === undefined || value['content'] === null)
  const content = isBare ? [] : withCallSignatures(decodeContent(value['content'], `${path}/content`))
  const first: Message = { role, content, path }
  for (const key of Object.keys(value)) if (key !== 'role' && key !== 'content') addExtra(first, key, value[key])
  if (role === 'user' && content.some((part) => part.type === 'tool-result')) splitResults(first, into)
  else into.push(first)
}

function splitResults(turn: Message, into: Message[]): void {
  let current: Message | undefined
  let run: ContentPart[] = []
  for (const part of turn.content) {
    const role = part.type === 'tool-result' ? 'tool' : 'user'
    if (current?.role !== role) {
      run = []
      // Extras of the turn stay with its first message.
      current =
        current === undefined && turn.extra !== undefined
          ? { role, content: run, path: turn.path, extra: turn.extra }
          : { role, content: run, path: turn.path }
      into.push(current)
    }
    run.push(part)
  }
}
