import type { SessionExplanation } from './explain-request.ts'
import { countWords, durationWords, plural, safeText } from './story-words.ts'

/** The requests of a session, a line each, with a mark where another target served than before. */
export function renderSession({ session, requests }: SessionExplanation): string {
  const lines = [`Session ${safeText(session)}: ${plural(requests.length, 'request')}.`]
  let before: string | undefined
  for (const { request_id: id, started_at: at, requested_model: model, served, status, total_ms: total, ...rest } of requests) {
    const tokens = [rest.input_tokens, rest.output_tokens].map((count) => (count === undefined ? '?' : countWords(count)))
    const moved = before !== undefined && served !== undefined && served !== before ? ' · moved' : ''
    const by = served === undefined ? (rest.error_code ?? 'nobody served') : safeText(served)
    lines.push(
      `${new Date(at).toISOString()}  ${id}  "${safeText(model)}" → ${by} · ${status} · ${durationWords(total)} · ${tokens.join(' in, ')} out${moved}`,
    )
    before = served ?? before
  }
  return lines.join('\n')
}
