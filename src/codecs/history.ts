import type { ContentPart, ToolCallPart, ToolResultPart } from '../ir/content.ts'
import type { Message } from '../ir/request.ts'
import type { Report } from './report.ts'

/**
 * Puts tool results where every vendor accepts them: all results of an assistant turn directly behind it, in the order of the
 * calls, as one `tool` message. A call without a result gets an error result saying so; a result without a call becomes user
 * text. System and developer turns between a call and its result move behind the result. Histories that are in order already
 * come back as the same array.
 */
export function repairToolHistory(messages: Message[], report: Report): Message[] {
  if (isInOrder(messages)) return messages
  const results = collectResults(messages)
  const used = new Set<ToolResultPart>()
  const repaired: Message[] = []
  for (const message of messages) {
    const rest = message.content.filter((part) => part.type !== 'tool-result')
    const orphans = orphanTexts(message, messages, used, report)
    if (rest.length > 0 || message.content.length === 0)
      repaired.push(
        rest.length === message.content.length
          ? message
          : { ...message, role: message.role === 'tool' ? 'user' : message.role, content: rest },
      )
    if (orphans.length > 0) repaired.push({ role: 'user', content: orphans, path: message.path })
    const calls = message.role === 'assistant' ? message.content.filter((part) => part.type === 'tool-call') : []
    if (calls.length > 0)
      repaired.push({ role: 'tool', content: calls.map((call) => resultFor(call, results, used, report)), path: message.path })
  }
  return repaired
}

/**
 * True when each call is answered directly behind its turn, in whatever order: all that some formats ask for. Other histories
 * need the repair, which also sorts the answers.
 */
export function answersFollowCalls(messages: readonly Message[]): boolean {
  const open = new Set<string>()
  for (const message of messages) {
    const results = message.content.filter((part): part is ToolResultPart => part.type === 'tool-result')
    if (results.length > 0 && message.role !== 'tool') return false
    for (const result of results) if (!open.delete(result.callId)) return false
    if (results.length === message.content.length && results.length > 0) continue
    if (open.size > 0) return false
    if (message.role === 'assistant' && !openCalls(message.content, open)) return false
  }
  return open.size === 0
}

function openCalls(content: readonly ContentPart[], open: Set<string>): boolean {
  for (const part of content) {
    if (part.type !== 'tool-call') continue
    if (open.has(part.id)) return false
    open.add(part.id)
  }
  return true
}

/** Every call is answered by the messages that directly follow, each result once and with a known call. */
function isInOrder(messages: Message[]): boolean {
  let open: string[] = []
  let next = 0
  for (const message of messages) {
    for (const part of message.content) {
      if (part.type === 'tool-result') {
        if (message.role !== 'tool' || open[next] !== part.callId) return false
        next++
      }
    }
    const holdsOther = message.role !== 'tool' || message.content.some((part) => part.type !== 'tool-result')
    if (!holdsOther) continue
    if (next < open.length) return false
    open = []
    next = 0
    if (message.role === 'assistant') for (const part of message.content) if (part.type === 'tool-call') open.push(part.id)
  }
  return next >= open.length
}

function collectResults(messages: Message[]): Map<string, ToolResultPart[]> {
  const results = new Map<string, ToolResultPart[]>()
  for (const message of messages) {
    for (const part of message.content) {
      if (part.type !== 'tool-result') continue
      const list = results.get(part.callId)
      if (list === undefined) results.set(part.callId, [part])
      else list.push(part)
    }
  }
  return results
}

function resultFor(
  call: ToolCallPart,
  results: Map<string, ToolResultPart[]>,
  used: Set<ToolResultPart>,
  report: Report,
): ToolResultPart {
  const result = results.get(call.id)?.find((candidate) => !used.has(candidate))
  if (result !== undefined) {
    used.add(result)
    report.rewritten('part.tool_result_order', result.path, 'tool results were moved next to their calls')
    return result
  }
  report.rewritten('part.tool_result_orphan', call.path, 'a tool call without a result was answered with an error result')
  return {
    type: 'tool-result',
    callId: call.id,
    kind: call.input.kind,
    isError: true,
    content: [{ type: 'text', text: 'No result was recorded for this call.' }],
    path: call.path,
  }
}

/** Results in `message` that answer no call at all, as text. */
function orphanTexts(message: Message, messages: Message[], used: Set<ToolResultPart>, report: Report): ContentPart[] {
  const texts: ContentPart[] = []
  for (const part of message.content) {
    if (part.type !== 'tool-result' || used.has(part)) continue
    if (
      messages.some((other) => other.content.some((candidate) => candidate.type === 'tool-call' && candidate.id === part.callId))
    )
      continue
    report.rewritten('part.tool_result_orphan', part.path, 'a tool result without a call was kept as user text')
    if (part.itemId !== undefined || part.status !== undefined)
      report.rewritten('part.tool_call_status', part.path, 'text has no item id or status')
    for (const key of Object.keys(part.extra?.fields ?? {}))
      report.lost(
        'extension',
        `${part.path ?? ''}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        'text has no fields of its own',
      )
    const title = part.isError === true ? `Tool result ${part.callId} (failed):` : `Tool result ${part.callId}:`
    const kept: ContentPart[] = [{ type: 'text', text: title, path: part.path }, ...part.content]
    const last = kept.at(-1)
    if (part.cache !== undefined && last !== undefined) kept[kept.length - 1] = { ...last, cache: part.cache }
    texts.push(...kept)
  }
  return texts
}

/**
 * Gives calls whose id an earlier call has already (some servers count anew in every turn) an id of their own, and their results
 * the same one. For targets that look calls up by id in the whole conversation. Takes histories whose results follow their calls;
 * one without repetitions comes back as the same array.
 */
export function distinctCallIds(messages: Message[], report: Report): Message[] {
  if (!repeatsCallId(messages)) return messages
  const taken = new Set<string>()
  let open = new Map<string, string[]>()
  return messages.map((message) => {
    if (message.role === 'assistant') open = new Map()
    const content = message.content.map((part): ContentPart => {
      if (part.type === 'tool-call') {
        const id = freeId(part.id, taken)
        taken.add(id)
        const waiting = open.get(part.id)
        if (waiting === undefined) open.set(part.id, [id])
        else waiting.push(id)
        if (id === part.id) return part
        report.rewritten('part.tool_call_id', part.path, 'a tool call had the id of an earlier one')
        return { ...part, id }
      }
      const callId = part.type === 'tool-result' ? open.get(part.callId)?.shift() : undefined
      return part.type === 'tool-result' && callId !== undefined && callId !== part.callId ? { ...part, callId } : part
    })
    return content.some((part, index) => part !== message.content[index]) ? { ...message, content } : message
  })
}

function repeatsCallId(messages: readonly Message[]): boolean {
  const seen = new Set<string>()
  for (const { content } of messages) {
    for (const part of content) {
      if (part.type !== 'tool-call') continue
      if (seen.has(part.id)) return true
      seen.add(part.id)
    }
  }
  return false
}

function freeId(id: string, taken: ReadonlySet<string>): string {
  if (!taken.has(id)) return id
  let count = 2
  while (taken.has(`${id}_${count}`)) count++
  return `${id}_${count}`
}
