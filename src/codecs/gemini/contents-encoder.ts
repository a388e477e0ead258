import type { ContentPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { Message } from '../../ir/request.ts'
import { answersFollowCalls, distinctCallIds, repairToolHistory } from '../history.ts'
import { mergeExtra } from '../extra-fields.ts'
import { withExtra, type EncodeContext } from './encode-context.ts'
import type { FunctionNames } from './function-names.ts'
import { encodePart } from './parts-encoder.ts'
import { addMissingSignatures } from './missing-signatures.ts'
import { ToolPartsEncoder } from './tool-parts-encoder.ts'

interface Turn {
  readonly role: 'user' | 'model'
  readonly path: string | undefined
  readonly parts: JsonObject[]
  extra: JsonObject | undefined
}

export interface EncodedContents {
  readonly systemInstruction: JsonObject | undefined
  readonly contents: JsonObject[]
}

export function encodeContents(names: FunctionNames, context: EncodeContext): EncodedContents {
  return new ContentsEncoder(names, context).encode()
}

class ContentsEncoder {
  private readonly context: EncodeContext
  private readonly tools: ToolPartsEncoder
  private readonly turns: Turn[] = []

  constructor(names: FunctionNames, context: EncodeContext) {
    this.context = context
    this.tools = new ToolPartsEncoder(names, context)
  }

  encode(): EncodedContents {
    const { request, report } = this.context
    const instructions: Message[] = []
    const conversation: Message[] = []
    for (const message of request.messages) {
      const isInstruction = message.instructions === true || (isSystem(message) && conversation.length === 0)
      ;(isInstruction ? instructions : conversation).push(message)
    }
    const repaired = answersFollowCalls(conversation) ? conversation : repairToolHistory(conversation, report)
    const systemInstruction = this.instruction(instructions)
    for (const message of distinctCallIds(repaired, report)) this.append(message)
    this.startWithUser()
    const contents = this.turns.map(({ role, parts, extra }): JsonObject => {
      const written = { role, parts }
      return extra === undefined ? written : mergeExtra(written, extra)
    })
    addMissingSignatures(contents, this.context)
    return { systemInstruction, contents }
  }

  /** All leading instructions, in order, as the one field there is for them. */
  private instruction(messages: readonly Message[]): JsonObject | undefined {
    const turn: Turn = { role: 'user', path: undefined, parts: [], extra: undefined }
    for (const message of messages) {
      this.reportDeveloper(message)
      this.addParts(message, turn)
    }
    if (turn.parts.length === 0) return undefined
    const written = { parts: turn.parts }
    return turn.extra === undefined ? written : mergeExtra(written, turn.extra)
  }

  private append(message: Message): void {
    if (isSystem(message)) {
      this.reportDeveloper(message)
      this.context.report.rewritten(
        'role.system_mid_conversation',
        message.path,
        'instructions in the middle of the conversation are sent as user text',
      )
    }
    const role = message.role === 'assistant' ? 'model' : 'user'
    const last = this.turns.at(-1)
    const joins = last?.role === role && this.mayJoin(message, last)
    const turn: Turn = joins ? last : { role, path: message.path, parts: [], extra: undefined }
    this.addParts(message, turn)
    if (!joins && (turn.parts.length > 0 || this.context.isNative)) this.turns.push(turn)
  }

  /**
   * A client of this format knows why the user's turns are apart, so they stay apart unless they are halves of one. But calls have to
   * follow a turn of the user, so the model has one turn at a time, and all their results have to stand in one turn.
   */
  private mayJoin(message: Message, last: Turn): boolean {
    if (!this.context.isNative || last.path === message.path) return true
    if (last.role === 'user' && !message.content.some((part) => part.type === 'tool-result')) return false
    this.context.report.rewritten('message.adjacent_same_role', message.path, 'two turns of one side became one')
    return true
  }

  private addParts(message: Message, turn: Turn): void {
    this.reportFields(message)
    if (message.extra?.format === 'gemini') turn.extra = { ...turn.extra, ...message.extra.fields }
    else withExtra({}, message, this.context.report)
    if (message.content.length === 0 && !this.context.isNative)
      this.context.report.rewritten('message.empty_text', message.path, 'a turn without content was left out')
    let previous: ContentPart | undefined
    for (const part of message.content) {
      this.addPart(part, previous, turn)
      previous = part
    }
  }

  private addPart(part: ContentPart, previous: ContentPart | undefined, turn: Turn): void {
    if (part.type === 'tool-call') turn.parts.push(this.tools.call(part))
    else if (part.type === 'tool-result') turn.parts.push(...this.tools.result(part))
    else {
      const written = encodePart(part, this.context)
      const text = turn.parts.at(-1)
      // A text and its signature were one part.
      if (text !== undefined && isSignatureOf(part, previous)) text['thoughtSignature'] = written[0]?.['thoughtSignature']
      else turn.parts.push(...written)
    }
  }

  private reportDeveloper(message: Message): void {
    if (message.role === 'developer')
      this.context.report.rewritten('role.developer', message.path, 'developer instructions are sent as system instructions')
  }

  private reportFields(message: Message): void {
    const { report } = this.context
    if (message.id !== undefined) report.lost('message.id', message.path, 'the format has no message ids')
    if (message.name !== undefined) report.lost('message.name', message.path, 'the format has no names of speakers')
    if (message.phase !== undefined) report.lost('message.phase', message.path, 'the format has no phases')
    if (message.status !== undefined) report.lost('message.status', message.path, 'the format has no message status')
  }

  /** A call may only follow a turn of the user. What else a client of this format begins with is its own matter. */
  private startWithUser(): void {
    const [first] = this.turns
    if (first?.role === 'user') return
    const hasCall = first?.parts.some((part) => part['functionCall'] !== undefined) ?? true
    if (this.context.isNative && !hasCall) return
    this.context.report.rewritten(
      'message.first_not_user',
      first?.path,
      'the conversation has to start with a user turn, so one was put first',
    )
    this.turns.unshift({ role: 'user', path: undefined, parts: [{ text: 'Continue.' }], extra: undefined })
  }
}

const isSystem = (message: Message): boolean => message.role === 'system' || message.role === 'developer'

function isSignatureOf(part: ContentPart, previous: ContentPart | undefined): boolean {
  return (
    part.type === 'reasoning' &&
    part.origin === 'gemini' &&
    previous?.type === 'text' &&
    previous.path !== undefined &&
    part.path?.startsWith(`${previous.path}/`) === true
  )
}
