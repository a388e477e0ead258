import { ERROR_TABLE, type ErrorCode } from '../errors/codes.ts'
import type { UpstreamErrorFacts } from '../errors/gateway-error.ts'
import {
  BAD_CREDENTIAL,
  BODY_TOO_LARGE,
  CONTENT_FILTERED,
  CONTEXT_TOO_LONG,
  DEGRADED_FUNCTION,
  MODEL_NOT_FOUND,
  OBJECT_NOT_FOUND,
  OUT_OF_MONEY,
  OVERLOADED,
  PLAIN_WORDS,
  QUOTA_EXCEEDED,
  RATE_LIMITED,
  REQUEST_OVER_LIMIT,
  TIMED_OUT,
  WRONG_ORGANISATION,
  type ErrorSigns,
} from './error-phrases.data.ts'

/** Rules of one status: the first sign that is found decides, else the last entry. */
type StatusRule = readonly [...ErrorSigns[], ErrorCode]

/** Statuses with which vendors refuse a request they dislike: the same reasons come with each of them. */
const REFUSED: readonly ErrorSigns[] = [
  CONTEXT_TOO_LONG,
  OUT_OF_MONEY,
  QUOTA_EXCEEDED,
  BAD_CREDENTIAL,
  OBJECT_NOT_FOUND,
  MODEL_NOT_FOUND,
  CONTENT_FILTERED,
  BODY_TOO_LARGE,
  DEGRADED_FUNCTION,
]

/** Statuses of the client's own mistakes: their messages repeat what the client sent. */
const REPEATING: ReadonlySet<number> = new Set([400, 422])

const BY_STATUS: Readonly<Record<number, StatusRule>> = {
  400: [...REFUSED, 'upstream_invalid_request'],
  401: [WRONG_ORGANISATION, MODEL_NOT_FOUND, OUT_OF_MONEY, QUOTA_EXCEEDED, 'upstream_authentication'],
  402: [REQUEST_OVER_LIMIT, 'upstream_payment_required'],
  // A key that may not use one model is not a bad key: the other models must stay usable.
  403: [CONTEXT_TOO_LONG, MODEL_NOT_FOUND, CONTENT_FILTERED, OUT_OF_MONEY, QUOTA_EXCEEDED, BAD_CREDENTIAL, 'upstream_permission'],
  404: [OBJECT_NOT_FOUND, 'upstream_model_not_found'],
  408: ['upstream_timeout'],
  409: ['upstream_conflict'],
  410: ['upstream_model_not_found'],
  // Fireworks: an account that is suspended.
  412: [OUT_OF_MONEY, 'upstream_other'],
  413: [CONTEXT_TOO_LONG, REQUEST_OVER_LIMIT, 'upstream_body_too_large'],
  415: ['upstream_invalid_request'],
  422: [...REFUSED, 'upstream_invalid_request'],
  424: ['upstream_server_error'],
  425: ['upstream_conflict'],
  429: [REQUEST_OVER_LIMIT, OUT_OF_MONEY, QUOTA_EXCEEDED, OVERLOADED, 'upstream_rate_limited'],
  // Groq's flexible tier without capacity.
  498: ['upstream_overloaded'],
  // Some servers (llama.cpp, older proxies) tell a full context window with a 500.
  500: [CONTEXT_TOO_LONG, OVERLOADED, 'upstream_server_error'],
  503: ['upstream_overloaded'],
  504: ['upstream_timeout'],
  // Cloudflare in front of the upstream.
  521: ['upstream_connect_failed'],
  522: ['upstream_connect_failed'],
  523: ['upstream_connect_failed'],
  524: ['upstream_timeout'],
  525: ['upstream_connect_failed'],
  526: ['upstream_connect_failed'],
  529: ['upstream_overloaded'],
  530: ['upstream_connect_failed'],
}

/** Without a status only words and sentences can tell; the most specific first. */
const IN_BAND: readonly ErrorSigns[] = [
  CONTEXT_TOO_LONG,
  CONTENT_FILTERED,
  REQUEST_OVER_LIMIT,
  OUT_OF_MONEY,
  QUOTA_EXCEEDED,
  BAD_CREDENTIAL,
  MODEL_NOT_FOUND,
  OVERLOADED,
  RATE_LIMITED,
  TIMED_OUT,
]

/** The code of an answer with an error status. */
export function classifyStatus(status: number, facts: UpstreamErrorFacts): ErrorCode {
  const rule =
    BY_STATUS[status] ?? (status >= 500 ? ([OVERLOADED, 'upstream_server_error'] as const) : (['upstream_other'] as const))
  const words = wordsOf(facts)
  for (const entry of rule) {
    if (typeof entry === 'string') return entry
    if (names(entry, words) || says(entry, facts.message, REPEATING.has(status))) return entry.code
  }
  return 'upstream_other'
}

/** The code of a failure told inside an answer that began with a good status. Codecs of streams end in one, too. */
export function classifyInBand(facts: UpstreamErrorFacts): ErrorCode {
  const words = wordsOf(facts)
  if (words.length === 0 && facts.status === undefined && facts.message !== undefined) {
    if (/closed the stream before its end/.test(facts.message)) return 'upstream_stream_interrupted'
    if (/sent a frame that is no|without saying/.test(facts.message)) return 'upstream_bad_response'
  }
  // A word is surer than the status some gateways invent for it, the status is surer than a sentence.
  const worded = IN_BAND.find((signs) => names(signs, words))
  if (worded !== undefined) return worded.code
  const status = facts.status ?? statusAmong(words)
  if (status !== undefined && status >= 400) return classifyStatus(status, facts)
  const phrased = IN_BAND.find((signs) => says(signs, facts.message, true))
  if (phrased !== undefined) return phrased.code
  for (const word of words) {
    const code = PLAIN_WORDS[word]
    if (code !== undefined) return code
  }
  return 'upstream_server_error'
}

const names = (signs: ErrorSigns, words: readonly string[]): boolean => words.some((word) => signs.words.includes(word))

/** A server may repeat a whole prompt behind its reason: looking through that finds the wrong words, and takes long. */
const LONGEST_LOOK = 4_000

/** What may stand before a sentence of the vendor's own: no quotes and no paths, behind which a client's words are repeated. */
const OWN_LEAD = /^[\w\s,/-]*$/

/**
 * Whether the message says it. Where messages repeat the client's words, a phrase that would lock an account must be the vendor's
 * own: else a client could lock everybody out by sending the words for it as a value.
 */
function says({ code, phrases }: ErrorSigns, message: string | undefined, mayRepeat: boolean): boolean {
  const found = message === undefined ? null : phrases.exec(message.slice(0, LONGEST_LOOK))
  if (found === null) return false
  return !mayRepeat || ERROR_TABLE[code].locks === 'nothing' || OWN_LEAD.test(found.input.slice(0, found.index))
}

function wordsOf({ code, type }: UpstreamErrorFacts): string[] {
  return [code, type].filter((word) => word !== undefined && word !== '').map((word) => word!.toLowerCase())
}

/** Some providers repeat the HTTP status as the error's code. */
function statusAmong(words: readonly string[]): number | undefined {
  const found = words.find((word) => /^[45]\d\d$/.test(word))
  return found === undefined ? undefined : Number(found)
}
