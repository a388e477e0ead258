import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import { nearest } from '../lib/nearest.ts'
import { timeSpanHint, timeSpanMs } from '../lib/time-span.ts'

/** What an order says beside its subject. */
export interface DisableTerms {
  readonly reason?: string | undefined
  /** Milliseconds; until it is enabled when absent. */
  readonly forMs?: number | undefined
}

const FIELDS = ['reason', 'for'] as const
/** Would move a terminal's cursor, or break a line of a log. */
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u

/**
 * Reads `{"reason": "…", "for": "30m"}`; `for` may also be a number of milliseconds, and both may be left out. Throws `invalid_body` that
 * says what to write.
 */
export function readDisableTerms(body: unknown): DisableTerms {
  if (!isObject(body)) throw invalid('The body must be a JSON object such as {"reason": "outage", "for": "30m"}.')
  for (const name of Object.keys(body)) {
    if ((FIELDS as readonly string[]).includes(name)) continue
    const close = nearest(name, FIELDS)
    throw invalid(`The body may hold \`reason\` and \`for\` only.${close === undefined ? '' : ` Did you mean ${close}?`}`)
  }
  return { reason: reasonOf(body['reason']), forMs: forMsOf(body['for']) }
}

/** A reason that is not empty, without what cannot be seen. */
function reasonOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw invalid('The `reason` must be a text.', 'reason')
  const reason = value.trim()
  if (UNSEEN.test(reason))
    throw invalid('The reason holds control characters or line breaks. Write it on one line of plain text.', 'reason')
  return reason === '' ? undefined : reason
}

function forMsOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number') {
    if (value > 0 && Number.isFinite(value)) return value
    throw invalid('As a number, `for` is milliseconds above 0. Leave it out for "until enabled".', 'for')
  }
  if (typeof value !== 'string') throw invalid('`for` must be a time such as "30m", or a number of milliseconds.', 'for')
  const ms = timeSpanMs(value)
  if (ms === undefined) throw invalid(timeSpanHint(value), 'for')
  return ms
}

const invalid = (message: string, param?: string): GatewayError =>
  new GatewayError('invalid_body', message, param === undefined ? {} : { param })
