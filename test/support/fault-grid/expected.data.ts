import type { WireFormat } from '../../../src/ir/wire-format.ts'
import { CONNECT_MS, FIRST_TOKEN_MS, SILENCE_MS } from './timing.data.ts'

/** What the gateway does about a failure, as `docs/errors.md` says. Written down once more, so that a change of a row is noticed. */
export interface Rule {
  readonly next: 'retry' | 'next-account' | 'next-target' | 'stop'
  /** What is locked when the account is left, and for how long when the upstream names no time. */
  readonly locks?: { readonly scope: 'account' | 'model'; readonly ms: number }
  /** Whether it is a failure of the target, which its circuit counts. */
  readonly counts: boolean
  /** Status the client gets where no upstream status is to be kept. */
  readonly status: number
}

const FOR_MODEL = { scope: 'model', ms: 30_000 } as const
const LIMIT = { scope: 'model', ms: 2_000 } as const
const REFUSED_KEY = { scope: 'account', ms: 120_000 } as const

export const RULES = {
  upstream_authentication: { next: 'next-account', locks: REFUSED_KEY, counts: false, status: 401 },
  upstream_permission: { next: 'next-account', locks: REFUSED_KEY, counts: false, status: 403 },
  upstream_rate_limited: { next: 'next-account', locks: LIMIT, counts: false, status: 429 },
  upstream_overloaded: { next: 'next-target', locks: LIMIT, counts: true, status: 503 },
  upstream_model_not_found: { next: 'next-target', counts: false, status: 404 },
  upstream_invalid_request: { next: 'stop', counts: false, status: 400 },
  upstream_body_too_large: { next: 'next-target', counts: false, status: 413 },
  upstream_conflict: { next: 'retry', counts: true, status: 409 },
  upstream_timeout: { next: 'retry', locks: FOR_MODEL, counts: true, status: 504 },
  upstream_connect_failed: { next: 'retry', locks: FOR_MODEL, counts: true, status: 502 },
  upstream_server_error: { next: 'retry', locks: FOR_MODEL, counts: true, status: 502 },
  upstream_stream_interrupted: { next: 'retry', locks: FOR_MODEL, counts: true, status: 502 },
  upstream_bad_response: { next: 'next-target', counts: true, status: 502 },
} as const satisfies Record<string, Rule>

export type RuledCode = keyof typeof RULES

/** What comes of a fault. */
export interface Outcome {
  /** Undefined: it is no fault, the answer is served. */
  readonly code?: RuledCode
  /** How long the attempt lasts, in ms; 0 by default. */
  readonly lastsMs?: number
  /** Status of the upstream's answer, undefined when there was none; kept for the client where it is an error. */
  readonly upstreamStatus?: number
  /** By the upstream's format: the status that its vendor documents for the word with which the failure is told in the answer. */
  readonly vendorStatus?: Readonly<Partial<Record<WireFormat, number>>>
  /** Time to wait that the upstream named, in ms. */
  readonly retryAfterMs?: number
  /** The provider was not reached, which its circuit counts. */
  readonly unreached?: true
  /** The client has the first word already: it is told within the stream, and nothing follows. */
  readonly inBand?: true
}

/** Whether the client speaks the upstream's format, so that bytes go through, or another one. */
export type Path = 'passed through' | 'translated'

export type Mode = 'stream' | 'buffered'
/** What is there to go on with: the same account again, another account, another target, or all of it failing. */
export const COLUMNS = ['retry', 'next account', 'next target', 'exhausted'] as const
export type Column = (typeof COLUMNS)[number]

export interface Row {
  /** Undefined: the fault needs the other mode. */
  readonly stream?: Outcome
  readonly buffered?: Outcome
}

const both = (outcome: Outcome): Row => ({ stream: outcome, buffered: outcome })
const refused = (upstreamStatus: number, code: RuledCode, more: Outcome = {}): Row => both({ code, upstreamStatus, ...more })
const BROKEN = { code: 'upstream_stream_interrupted', upstreamStatus: 200, lastsMs: 50 } as const

const SILENT = { code: 'upstream_timeout', upstreamStatus: 200 } as const

/** What upstreams do instead of answering. */
export type FaultName =
  | 'a refused connection'
  | 'a black hole'
  | 'a reset before the headers'
  | 'a reset after the headers'
  | 'a reset in the middle of the answer'
  | 'a refusal with 400'
  | 'a refusal with 401'
  | 'a refusal with 403'
  | 'a refusal with 404'
  | 'a refusal with 408'
  | 'a refusal with 409'
  | 'a refusal with 413'
  | 'a refusal with 429'
  | 'a refusal with 429 and Retry-After'
  | 'a refusal with 500'
  | 'a refusal with 502'
  | 'a refusal with 503'
  | 'a refusal with 529'
  | 'an error told in the answer'
  | 'an overload told in the answer'
  | 'an error told after the first word'
  | 'a stall before the headers'
  | 'a stall after the headers'
  | 'a stall before the first word'
  | 'a stall in the middle of the answer'
  | 'a stream that drips without an answer'
  | 'an answer cut before its first word'
  | 'an answer cut in the middle'
  | 'bad JSON'
  | 'a page instead of an answer'
  | 'a slow drip'

/** The table of the grid. Rules: docs/errors.md, the time limits in docs/reference/config.md, ARCHITECTURE.md on when fallback ends. */
export const EXPECTED: Readonly<Record<FaultName, Row>> = {
  // No connection: the provider cannot be reached.
  'a refused connection': both({ code: 'upstream_connect_failed', unreached: true }),
  'a black hole': both({ code: 'upstream_connect_failed', lastsMs: CONNECT_MS, unreached: true }),
  // The connection stood, so the provider can be reached.
  'a reset before the headers': both({ code: 'upstream_stream_interrupted' }),
  'a reset after the headers': both(BROKEN),
  'a reset in the middle of the answer': { stream: { ...BROKEN, inBand: true }, buffered: BROKEN },
  'a refusal with 400': refused(400, 'upstream_invalid_request'),
  'a refusal with 401': refused(401, 'upstream_authentication'),
  'a refusal with 403': refused(403, 'upstream_permission'),
  'a refusal with 404': refused(404, 'upstream_model_not_found'),
  'a refusal with 408': refused(408, 'upstream_timeout'),
  'a refusal with 409': refused(409, 'upstream_conflict'),
  'a refusal with 413': refused(413, 'upstream_body_too_large'),
  'a refusal with 429': refused(429, 'upstream_rate_limited'),
  'a refusal with 429 and Retry-After': refused(429, 'upstream_rate_limited', { retryAfterMs: 7_000 }),
  'a refusal with 500': refused(500, 'upstream_server_error'),
  'a refusal with 502': refused(502, 'upstream_server_error'),
  'a refusal with 503': refused(503, 'upstream_overloaded'),
  'a refusal with 529': refused(529, 'upstream_overloaded'),
  'an error told in the answer': refused(200, 'upstream_server_error', { vendorStatus: { responses: 500 } }),
  'an overload told in the answer': refused(200, 'upstream_overloaded', { vendorStatus: { anthropic: 529 } }),
  'an error told after the first word': { stream: { code: 'upstream_server_error', upstreamStatus: 200, inBand: true } },
  // Connected, and silent: nobody knows whether anyone is there.
  'a stall before the headers': {
    stream: { code: 'upstream_timeout', lastsMs: FIRST_TOKEN_MS, unreached: true },
    buffered: { code: 'upstream_timeout', lastsMs: SILENCE_MS, unreached: true },
  },
  'a stall after the headers': {
    stream: { ...SILENT, lastsMs: FIRST_TOKEN_MS },
    buffered: { ...SILENT, lastsMs: SILENCE_MS },
  },
  'a stall before the first word': {
    stream: { ...SILENT, lastsMs: FIRST_TOKEN_MS },
    buffered: { ...SILENT, lastsMs: SILENCE_MS },
  },
  'a stall in the middle of the answer': { stream: { ...SILENT, lastsMs: SILENCE_MS, inBand: true } },
  'a stream that drips without an answer': {
    stream: { ...SILENT, lastsMs: FIRST_TOKEN_MS },
  },
  // Half a JSON text that ends properly is no JSON; only a stream has an end of its own to miss.
  'an answer cut before its first word': {
    stream: { code: 'upstream_stream_interrupted', upstreamStatus: 200 },
    buffered: { code: 'upstream_bad_response', upstreamStatus: 200 },
  },
  'an answer cut in the middle': { stream: { code: 'upstream_stream_interrupted', upstreamStatus: 200, inBand: true } },
  'bad JSON': refused(200, 'upstream_bad_response'),
  'a page instead of an answer': refused(200, 'upstream_bad_response'),
  // Never silent for longer than allowed, so nothing is wrong.
  'a slow drip': both({ upstreamStatus: 200 }),
}
