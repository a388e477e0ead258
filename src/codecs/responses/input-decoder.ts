import { GatewayError } from '../../errors/gateway-error.ts'
import type { ContentPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Message, Role } from '../../ir/request.ts'
import { withCallSignatures } from '../call-signatures.ts'
import { FieldReader } from './field-reader.ts'
import { decodeItemPart } from './item-parts.ts'
import { decodeContent } from './part-decoder.ts'

const ROLES: ReadonlySet<string> = new Set<Role>(['system', 'developer', 'user', 'assistant'])

/**
 * `input` as messages. Neighbouring reasoning, assistant message and call items are one assistant turn. The id, phase and status
 * of its message item stand on the `Message`, so a second message item begins a new one: every item can be told apart again.
 */
export function decodeInput(input: unknown): Message[] {
  if (input === undefined || input === null) return []
  if (typeof input === 'string')
    return [{ role: 'user', content: [{ type: 'text', text: input, path: '/input' }], path: '/input' }]
  if (!Array.isArray(input))
    throw new GatewayError('invalid_body', 'input must be a string or a list of items', { param: 'input' })
  const turns = new TurnBuilder()
  for (let index = 0; index < input.length; index++) turns.add(input[index], index)
  for (const message of turns.messages) message.content = withCallSignatures(message.content)
  return turns.messages
}

class TurnBuilder {
  readonly messages: Message[] = []
  /** The assistant turn that takes further items; undefined after anything else. */
  private open: Message | undefined = undefined
  /** Whether the open turn has its message item already. */
  private hasMessageItem = false

  add(item: unknown, index: number): void {
    if (!isObject(item)) throw new GatewayError('invalid_body', `input[${index}] must be an object`, { param: `input[${index}]` })
    const path = `/input/${index}`
    const type = item['type']
    if (type !== undefined && type !== null && typeof type !== 'string') {
      throw new GatewayError('invalid_body', `input[${index}].type must be a string`, { param: `input[${index}].type` })
    }
    if (type === 'message' || ((type === undefined || type === null) && 'role' in item)) this.addMessage(item, index, path)
    else if ((type === undefined || type === null) && typeof item['id'] !== 'string') {
      throw new GatewayError('invalid_body', `input[${index}] has neither a type nor a role`, { param: `input[${index}]` })
    } else this.addPart(decodeItemPart(item, path), path)
  }

  private addMessage(item: JsonObject, index: number, path: string): void {
    const role = item['role'] ?? 'user'
    if (typeof role !== 'string' || !ROLES.has(role)) {
      const param = `input[${index}].role`
      throw new GatewayError('invalid_body', `${param} must be one of assistant, system, developer, user`, { param })
    }
    const message = decodeMessage(item, role as Role, path)
    if (role !== 'assistant') {
      this.open = undefined
      this.messages.push(message)
      return
    }
    // An item without content would vanish inside a larger turn, so it stands alone.
    const standsAlone = message.content.length === 0
    if (this.open !== undefined && !this.hasMessageItem && !standsAlone) {
      const { content, ...own } = message
      this.open.content.push(...content)
      Object.assign(this.open, own) // the path too: fields of the message are fields of its item
    } else {
      this.messages.push(message)
      this.open = standsAlone ? undefined : message
    }
    this.hasMessageItem = true
  }

  private addPart(part: ContentPart, path: string): void {
    const isResult = part.type === 'tool-result' || part.type === 'hosted-tool-result'
    if (isResult) {
      this.open = undefined
      this.messages.push({ role: 'tool', content: [part], path })
    } else if (this.open === undefined) {
      this.open = { role: 'assistant', content: [part], path }
      this.hasMessageItem = false
      this.messages.push(this.open)
    } else {
      this.open.content.push(part)
    }
  }
}

function decodeMessage(item: JsonObject, role: Role, path: string): Message {
  const fields = new FieldReader(item)
  fields.skip('type', 'role', 'content')
  return {
    role,
    content: decodeContent(item['content'], `${path}/content`),
    id: fields.string('id'),
    phase: fields.string('phase'),
    status: fields.string('status'),
    path,
    extra: fields.extra(),
  }
}
