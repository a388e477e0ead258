import { RESPONSES } from './client-formats.ts'
import type { ReplyFor } from './fake-upstream.ts'
import { jsonReply, sseReply } from './upstream-answers.ts'

type Json = Record<string, unknown>

/**
 * A Responses upstream that keeps conversations as OpenAI does: for each key apart, under the ids of its answers. Each answer says all that
 * the conversation was told so far, so that a lost turn shows.
 */
export function keepingUpstream(name: string): ReplyFor {
  const kept = new Map<string, string>()
  let answers = 0
  return ({ json, headers }) => {
    const { previous_response_id: previous, input, stream } = json as Json & { readonly previous_response_id?: string }
    const account = headers['authorization'] ?? ''
    const before = previous === undefined ? '' : kept.get(`${account} ${previous}`)
    if (before === undefined) return jsonReply(notFound(`${previous}`), 400)
    const id = `resp_${name}${++answers}`
    const told = `${before}${textOf(input)}. `
    kept.set(`${account} ${id}`, told)
    const answer = { text: told.trim() }
    if (stream === true) return sseReply(RESPONSES.frames(answer).map((frame) => frame.replaceAll('resp_test', id)))
    return jsonReply({ ...RESPONSES.whole(answer), id })
  }
}

const notFound = (id: string): Json =>
  RESPONSES.error('invalid_request_error', `Previous response with id '${id}' not found.`, 'previous_response_not_found')

/** The text of the newest turn. */
function textOf(input: unknown): string {
  if (typeof input === 'string') return input
  const content = ((input as Json[]).at(-1)?.['content'] ?? []) as string | Json[]
  return typeof content === 'string' ? content : content.map(({ text }) => String(text)).join('')
}
